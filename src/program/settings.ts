/**
 * The options of a configuration with their defaults. Spec: LANGUAGE section 7.
 */
import type { Options } from '../syntax/rune-file/ast.ts'
import type { Settings } from './program.ts'

/** What is not given is the default. */
export function settingsOf(options: Options): Settings {
  const { limits, defaultPrincipalType, defaultResourceType } = options
  return {
    ...(defaultPrincipalType !== undefined && { defaultPrincipalType }),
    defaultActionType: options.defaultActionType ?? 'Action',
    ...(defaultResourceType !== undefined && { defaultResourceType }),
    pathTypes: new Set(options.pathTypes),
    globs: options.globs ?? true,
    onPolicyError: options.onPolicyError ?? 'deny',
    limits: {
      maxFacts: limits.maxFacts ?? 50_000_000,
      maxIterations: limits.maxIterations ?? 1_000_000,
      maxEvalMs: limits.maxEvalMs ?? 60_000,
      maxMemory: limits.maxMemory ?? 4096,
      maxSteps: limits.maxSteps ?? 1_000_000,
    },
  }
}
