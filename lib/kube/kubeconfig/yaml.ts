/**
 * The value of a kubeconfig text. Its YAML parser is loaded only where the text is not JSON.
 *
 * @module
 */

/** Where and why a text cannot be read. */
export class YamlError extends Error {
  /** Always `YamlError`. */
  override readonly name = "YamlError";
}

/** Reasons of the parser that quote nothing of the text, which may be a secret. */
const WITHOUT_TEXT = /^[a-z ,()'-]+$/i;

/**
 * Parses a text that is JSON or YAML.
 *
 * @param text The text.
 * @returns Its value: objects, lists, strings, numbers, booleans and null.
 * @throws {YamlError} If it is neither: with line and column, and nothing of the text.
 */
export async function parseYaml(text: string): Promise<unknown> {
  // An untrimmed text may begin with a byte order mark.
  const trimmed = text.trimStart();
  if (trimmed.startsWith("{")) {
    try {
      return JSON.parse(trimmed);
    } catch {
      // YAML allows the same braces with fewer quotes, and tells where it ends.
    }
  }
  const { CORE_SCHEMA, load, Type, YAMLException } = await import("js-yaml");
  // Merge keys as kubectl knows them, but no dates: what looks like one is a string.
  const merge = new Type("tag:yaml.org,2002:merge", {
    kind: "scalar",
    resolve: (text: unknown) => text === "<<",
  });
  try {
    return load(text, { schema: CORE_SCHEMA.extend({ implicit: [merge] }) });
  } catch (error) {
    // Too deep a nesting is a RangeError.
    throw new YamlError(error instanceof YAMLException ? describe(error) : "not YAML");
  }
}

interface Described {
  readonly reason: string;
  readonly mark?: { readonly line: number; readonly column: number };
}

function describe({ reason, mark }: Described): string {
  const why = WITHOUT_TEXT.test(reason) ? reason : "not YAML";
  return mark === undefined ? why : `line ${mark.line + 1}, column ${mark.column + 1}: ${why}`;
}
