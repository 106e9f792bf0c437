export const gathering = async (_: { edits: number; rounds: number }) => []
