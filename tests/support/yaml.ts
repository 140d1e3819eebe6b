/**
 * YAML files of the tests.
 *
 * @module
 */
import { loadAll } from "js-yaml";
import { isRecord } from "../../lib/cni/values.ts";

/**
 * Reads the documents of a YAML text.
 *
 * @param text The text.
 * @returns Each document; empty ones are left out.
 * @throws {Error} If it is no YAML, or a document is no mapping.
 */
export function parseYaml(text: string): readonly Readonly<Record<string, unknown>>[] {
  const docs: readonly unknown[] = loadAll(text);
  return docs.filter((doc) => doc !== null && doc !== undefined).map((doc) => {
    if (!isRecord(doc)) throw new Error(`Cannot use a YAML document: current value is ${doc}`);
    return doc;
  });
}
