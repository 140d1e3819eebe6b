/**
 * The rules for container IDs, interface names and network names.
 *
 * What passes here holds no slash, so it can be a part of a datastore key as it is.
 *
 * @see https://www.cni.dev/docs/spec/#parameters
 * @module
 */
import { show } from "./values.ts";
import { CniError, CODES } from "./errors.ts";

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

const NAME_RULE = 'it must be a letter or digit, followed by letters, digits, "_", "." or "-"';

/** The name becomes that of a directory, here and in a runtime's cache. */
const MAX_NETWORK_NAME = 253;

/** The kernel's IFNAMSIZ without the byte at the end. */
const MAX_IF_NAME_BYTES = 15;

/** White space as Unicode has it, NEL (U+0085) included, which `\s` leaves out. */
const NOT_IN_IF_NAME = /[/:\s\u0085]/;

/**
 * Checks a container ID.
 *
 * @param text The value of `CNI_CONTAINERID`.
 * @returns The same text.
 * @throws {CniError} Code 4 if it is empty or holds a character that is not allowed.
 * @see https://www.cni.dev/docs/spec/#parameters
 */
export function checkContainerId(text: string): string {
  if (NAME.test(text)) return text;
  throw badVariable("CNI_CONTAINERID", { rule: NAME_RULE, value: text });
}

/**
 * Checks the name of an interface by the rules of the Linux kernel.
 *
 * @param text The value of `CNI_IFNAME`.
 * @returns The same text.
 * @throws {CniError} Code 4 if the kernel could not have an interface of this name.
 * @see https://www.cni.dev/docs/spec/#parameters
 */
export function checkIfName(text: string): string {
  const rule = brokenIfNameRule(text);
  if (rule === undefined) return text;
  throw badVariable("CNI_IFNAME", { rule, value: text });
}

/**
 * Checks the name of a network.
 *
 * @param text The top-level `name` of the configuration, as JSON gave it.
 * @returns The same text.
 * @throws {CniError} Code 7 if it is absent, not a string, or holds a character that is not allowed.
 * @see https://www.cni.dev/docs/spec/#configuration-format
 */
export function checkNetworkName(text: unknown): string {
  if (text === undefined || text === null || text === "") {
    throw new CniError(CODES.invalidConfig, "Missing network name", {
      details: 'Set "name" at the top level of the network configuration',
    });
  }
  if (typeof text === "string" && NAME.test(text) && text.length <= MAX_NETWORK_NAME) return text;
  const isLong = typeof text === "string" && NAME.test(text);
  const rule = isLong ? `it must have at most ${MAX_NETWORK_NAME} characters` : NAME_RULE;
  throw new CniError(CODES.invalidConfig, "Invalid network name", {
    details: `Cannot use "name" as ${rule}: current value is ${show(text)}`,
  });
}

function brokenIfNameRule(text: string): string | undefined {
  if (text === "") return "it must not be empty";
  if (new TextEncoder().encode(text).length > MAX_IF_NAME_BYTES) {
    return `it must have at most ${MAX_IF_NAME_BYTES} bytes`;
  }
  if (text === "." || text === "..") return 'it must not be "." or ".."';
  if (NOT_IN_IF_NAME.test(text)) return 'it must not hold "/", ":" or white space';
  return undefined;
}

function badVariable(
  name: string,
  options: { readonly rule: string; readonly value: string },
): CniError {
  const { rule, value } = options;
  return new CniError(CODES.badEnvironment, `Invalid environment variable ${name}`, {
    details: `Cannot use ${name} as ${rule}: current value is ${show(value)}`,
  });
}
