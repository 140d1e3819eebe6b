/**
 * Keeps secrets out of messages that quote a server: what was sent to it may come back. Pure.
 *
 * @module
 */

/** A shorter one stands in any text by chance. */
const SHORTEST = 4;
const SHOWN = "(secret)";
/** What a server gives, as etcd gives a token, is not known before it is read. */
const NAMED = /("(?:token|password)"\s*:\s*")[^"]+/gi;

/**
 * Takes secrets out of a text: those given, as they are and in base64, and what JSON calls a token or a password.
 * To be called before the text is cut.
 *
 * @param text What a server said.
 * @param secrets What was sent to it; `undefined` for none.
 * @returns The text without them.
 */
export function hide(text: string, secrets: Iterable<string | undefined>): string {
  let hidden = text.replaceAll(NAMED, `$1${SHOWN}`);
  for (const secret of secrets) {
    if (secret === undefined || secret.length < SHORTEST) continue;
    for (const form of formsOf(secret)) {
      hidden = without(hidden, form);
    }
  }
  return hidden;
}

/** Searched by hand: no expression takes a token of a megabyte, and its error would show it. */
function without(text: string, form: string): string {
  const wanted = folded(form);
  const searched = folded(text);
  let shown = "";
  let at = 0;
  for (let found; (found = searched.indexOf(wanted, at)) >= 0; at = found + wanted.length) {
    shown += text.slice(at, found) + SHOWN;
  }
  return shown + text.slice(at);
}

/** A host comes back in lower case. Of ASCII only: nothing else keeps its length. */
function folded(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** In base64 the ends of a text depend on what stands beside it, and on where it begins. */
function formsOf(secret: string): readonly string[] {
  const bytes = new TextEncoder().encode(secret);
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const shifted = [0, 1, 2].map((before) => {
    const whole = Math.floor((before + binary.length) / 3) * 4;
    return btoa("\0".repeat(before) + binary).slice(before === 0 ? 0 : 4, whole);
  });
  return [secret, ...shifted.filter((form) => form.length >= SHORTEST)];
}
