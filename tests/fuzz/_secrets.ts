/**
 * Secrets that can be told from everything else, and the search for them.
 *
 * @module
 */

/** One of each kind; none is a part of another. */
export const SECRETS = {
  etcdPassword: "Zq7canaryEtcdPassword41",
  etcdToken: "Wx3canaryEtcdToken58.1204",
  bearerToken: "eyJKv9canaryBearerToken63.Qp2.Rt8",
  urlPassword: "Lm5canaryUrlPassword77",
  privateKey: "MC4CAQAwBQYDK2VwBCIEIHcanaryPrivateKey99Zz8Yy7Xx6Ww5Vv4Uu3Tt2",
} as const;

/** Enough of one to be worth something: a message that was cut must not show it either. */
const SHOWN = 12;

/** How a secret looks: as it is, and in base64, whatever stands before it. */
function formsOf(secret: string): readonly string[] {
  const shifted = [0, 1, 2].map((before) =>
    // The first and the last characters depend on what stands beside it.
    btoa("\0".repeat(before) + secret).slice(before === 0 ? 0 : 4, -4)
  );
  return [secret.slice(0, SHOWN), ...shifted];
}

const FORMS: readonly (readonly [name: string, form: string])[] = Object.entries(SECRETS).flatMap(
  ([name, secret]) => formsOf(secret).map((form): [string, string] => [name, form.toLowerCase()]),
);

/**
 * Looks for secrets.
 *
 * @param text What somebody may read.
 * @returns The names of those in it.
 */
export function secretsIn(text: string): readonly string[] {
  const folded = text.toLowerCase();
  return [...new Set(FORMS.filter(([, form]) => folded.includes(form)).map(([name]) => name))];
}
