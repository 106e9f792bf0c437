/** An empty page: for the app switcher, which photographs what it sees, and for leaving in a hurry (app.css). */
export const cover = (): void => document.documentElement.setAttribute('data-covered', '')

export const uncover = (): void => document.documentElement.removeAttribute('data-covered')
