import type { ArticleKind } from '../../domain/articles.ts'

export const KIND_WORDS = {
  principle: 'protocol.kindPrinciple',
  rule: 'protocol.kindRule',
  rota: 'protocol.kindRota',
  procedure: 'protocol.kindProcedure',
  'emergency mandate': 'protocol.kindEmergency',
  care: 'protocol.kindCare',
  information: 'protocol.kindInformation',
  governance: 'protocol.kindGovernance',
} as const satisfies Record<ArticleKind, string>
