import * as Y from 'yjs'

/** Paragraphs for a body, one for each line of plain text; one empty one for no text at all. */
export const paragraphsFrom = (text: string): Y.XmlElement[] =>
  text.split('\n').map((line) => {
    const paragraph = new Y.XmlElement('paragraph')
    if (line) paragraph.insert(0, [new Y.XmlText(line)])
    return paragraph
  })
