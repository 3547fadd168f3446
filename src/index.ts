/** The public API, name by name. `rune-engine/cedar` is in `cedar.ts`. */
export type { Clause, ClausePart, ReadValue } from './decide/cedar/clauses.ts'
export type { Decision, DecisionError } from './decide/decision.ts'
export type { Cause, Explanation, WhyNot } from './decide/explain.ts'
export type { PreparedRequest } from './decide/prepared.ts'
export type { Profile, ProfiledPolicy, ProfiledPredicate, ProfiledRule, ProfiledTimes } from './decide/profile.ts'
export type { PlainValue, QueryResult } from './decide/query.ts'
export type { AuthorizeRequest, EntityInput } from './decide/request.ts'
export type { WhichActions, WhichPrincipals, WhichResources } from './decide/which.ts'
export { compile, type OpenOptions, Rune, type TextOptions, type Validation, validate } from './engine.ts'
export type {
  InspectedDerivation,
  InspectedPredicate,
  InspectedRule,
  InspectedStorage,
  Inspection,
} from './fixpoint/inspect.ts'
export type { InspectedAccess, InspectedOrder, InspectedStep } from './fixpoint/rule-orders.ts'
export type { Counts } from './program/counts.ts'
export { type CaseResult, runTests, type TestReport } from './run-tests.ts'
export {
  type ActionsPage,
  type PrincipalsPage,
  type ProfileOptions,
  type ReaderOptions,
  type ResourcesPage,
  RuneReader,
} from './rune-reader.ts'
export type { LoadProgress, OnProgress } from './syntax/rune-file/load.ts'
export { type Diagnostic, RuneError, type Severity } from './text/diagnostic.ts'
export { visible } from './text/display.ts'
export { renderDiagnostic, renderDiagnostics } from './text/render.ts'
export { type Position, positionOf, type Source, type Span } from './text/source.ts'
export type { Compiled } from './threads/compile.ts'
export type { Published } from './threads/coordinator.ts'
export type { CoordinatorEvents } from './threads/coordinator-events.ts'
export type { CacheReport, Handle } from './threads/reader.ts'
export type { UpdateInput } from './threads/update.ts'
