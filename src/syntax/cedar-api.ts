/**
 * The shapes of calls and answers of cedar-wasm, as `rune-engine/cedar` takes and gives them: its own users can pass what
 * they pass to cedar-wasm and read the answers as they did. Wider than cedar-wasm's only where integers are concerned:
 * `bigint` and JSON text are accepted. Spec: DESIGN section 4.
 */

export interface TypeAndId {
  readonly type: string
  readonly id: string
}

export type EntityUidJson = TypeAndId | { readonly __entity: TypeAndId }

type FnAndArgs =
  | { readonly fn: string; readonly arg: CedarValueJson }
  | { readonly fn: string; readonly args: readonly CedarValueJson[] }

export type CedarValueJson =
  | { readonly __entity: TypeAndId }
  | { readonly __extn: FnAndArgs }
  | boolean
  | number
  | bigint
  | string
  | null
  | readonly CedarValueJson[]
  | { readonly [key: string]: CedarValueJson }

export interface EntityJson {
  readonly uid: EntityUidJson
  readonly attrs: Readonly<Record<string, CedarValueJson>>
  readonly parents: readonly EntityUidJson[]
  readonly tags?: Readonly<Record<string, CedarValueJson>>
}

/** Policies as text or as objects of Cedar's JSON policy format. */
export interface PolicySet {
  readonly staticPolicies?: string | readonly (string | object)[] | Readonly<Record<string, string | object>>
  readonly templates?: Readonly<Record<string, string | object>>
  readonly templateLinks?: readonly TemplateLinkJson[]
}

export interface TemplateLinkJson {
  readonly templateId: string
  readonly newId: string
  readonly values: Readonly<Record<string, EntityUidJson>>
}

/** Cedar's schema syntax, or its JSON format as object or text. */
export type SchemaInput = string | object

interface Request {
  readonly principal: EntityUidJson
  readonly action: EntityUidJson
  readonly resource: EntityUidJson
  /** An object, or JSON text. */
  readonly context: Readonly<Record<string, CedarValueJson>> | string
  /** Whether the request must conform to the schema; `true` by default. */
  readonly validateRequest?: boolean
}

/** A list, or JSON text. */
export type EntitiesInput = readonly EntityJson[] | string

export interface AuthorizationCall extends Request {
  readonly policies: PolicySet
  readonly schema?: SchemaInput | null
  readonly entities: EntitiesInput
}

/** With `preparsedEntitiesId`, the schema that is named must say what the one says that these entities were read by. */
export type StatefulAuthorizationCall = Request & {
  readonly preparsedPolicySetId: string
  readonly preparsedSchemaName?: string | null
} & (
    | { readonly entities: EntitiesInput; readonly preparsedEntitiesId?: null }
    | { readonly preparsedEntitiesId: string; readonly entities?: undefined }
  )

/** `start` and `end` are offsets in UTF-8 bytes into the text that was given. */
interface SourceLabel {
  label: string | null
  start: number
  end: number
}

export interface DetailedError {
  message: string
  help: string | null
  code: string | null
  url: string | null
  severity: 'advice' | 'warning' | 'error' | null
  sourceLocations?: SourceLabel[]
  related?: DetailedError[]
}

export interface AuthorizationResponse {
  decision: 'allow' | 'deny'
  diagnostics: { reason: string[]; errors: { policyId: string; error: DetailedError }[] }
}

export interface Failure {
  type: 'failure'
  errors: DetailedError[]
}

export type AuthorizationAnswer =
  | (Failure & { warnings: DetailedError[] })
  | { type: 'success'; response: AuthorizationResponse; warnings: DetailedError[] }

export type CheckParseAnswer = { type: 'success' } | Failure
