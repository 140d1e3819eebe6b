/**
 * Reading the fields of a kubeconfig: what is wrong is named by its path inside the file, and no value
 * that may be a secret is shown. Pure.
 *
 * @module
 */
import { isRecord } from "../../cni/values.ts";
import { KubeError } from "../api.ts";

/** An object inside a kubeconfig. */
export interface Section {
  /** The path of the kubeconfig. */
  readonly file: string;
  /** Where the object stands, as `users[0].user`; empty at the top. */
  readonly at: string;
  /** Its fields. */
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * The error of a kubeconfig that cannot be used.
 *
 * @param file The path of the kubeconfig.
 * @param why What is wrong, as `users[0].user.exec is not supported`. Never a secret.
 * @param repair What an operator can do about it.
 * @returns The error.
 */
export function unusable(file: string, why: string, repair: string): KubeError {
  return new KubeError("misconfigured", `Cannot use the kubeconfig "${file}" as ${why}`, {
    repair,
  });
}

/**
 * Names a field by its path.
 *
 * @param section The object that holds it.
 * @param key Its name.
 * @returns The path, as `users[0].user.token`.
 */
export function pathOf({ at }: Section, key: string): string {
  return at === "" ? key : `${at}.${key}`;
}

/**
 * Reads a field that is a string.
 *
 * @param section The object that holds it.
 * @param key Its name.
 * @returns The string; undefined where it is absent or empty, which is the same in a kubeconfig.
 * @throws {KubeError} If it is something else.
 */
export function textOf(section: Section, key: string): string | undefined {
  const value = section.value[key];
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string") return value;
  throw wrongType(section, { key, type: "a string", repair: "write it in double quotes" });
}

/**
 * Reads a field that is true or false.
 *
 * @param section The object that holds it.
 * @param key Its name.
 * @returns The value; false where it is absent.
 * @throws {KubeError} If it is something else.
 */
export function flagOf(section: Section, key: string): boolean {
  const value = section.value[key];
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  throw wrongType(section, { key, type: "true or false", repair: "write it without quotes" });
}

/**
 * Reads a field that is an object.
 *
 * @param section The object that holds it.
 * @param key Its name.
 * @returns The object.
 * @throws {KubeError} If it is absent or something else.
 */
export function sectionOf(section: Section, key: string): Section {
  const value = section.value[key];
  if (isRecord(value)) return { file: section.file, at: pathOf(section, key), value };
  throw wrongType(section, { key, type: "an object", repair: "write its fields below it" });
}

/**
 * Reads a field that is a list of objects.
 *
 * @param section The object that holds it.
 * @param key Its name.
 * @returns The objects, in order.
 * @throws {KubeError} If it is absent or something else.
 */
export function listOf(section: Section, key: string): readonly Section[] {
  const value = section.value[key];
  if (!Array.isArray(value)) {
    throw wrongType(section, { key, type: "a list", repair: "begin each entry with a dash" });
  }
  const list: readonly unknown[] = value;
  const { file } = section;
  return list.map((one, index) => {
    const at = `${pathOf(section, key)}[${index}]`;
    if (isRecord(one)) return { file, at, value: one };
    throw unusable(
      file,
      `${at} must be an object: current value is ${typeNameOf(one)}`,
      `Correct ${at}: write its fields below it`,
    );
  });
}

/**
 * Names the type of a value, and nothing of the value.
 *
 * @param value Any value.
 * @returns As `a list`.
 */
export function typeNameOf(value: unknown): string {
  if (value === undefined) return "absent";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function wrongType(
  section: Section,
  expected: { readonly key: string; readonly type: string; readonly repair: string },
): KubeError {
  const { key, type, repair } = expected;
  const path = pathOf(section, key);
  const seen = typeNameOf(section.value[key]);
  const advice = seen === "null" ? "give it a value, or remove it" : repair;
  return unusable(
    section.file,
    `${path} must be ${type}: current value is ${seen}`,
    `Correct ${path}: ${advice}`,
  );
}
