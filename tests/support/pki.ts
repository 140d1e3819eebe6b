/**
 * Certificates for tests, made by openssl in a temporary folder.
 *
 * @module
 */

/** The paths of a certificate and its key, both PEM. */
export interface KeyPair {
  readonly certFile: string;
  readonly keyFile: string;
}

/** How one certificate is made. */
export interface IssueOptions {
  /** The common name, also part of the file names. */
  readonly name: string;
  /** What the certificate may be used for. Default `["server", "client"]`. */
  readonly usages?: readonly ("server" | "client")[];
  /** The names and addresses it is valid for. Default 127.0.0.1, ::1 and localhost. */
  readonly altNames?: readonly string[];
  /** A certificate whose validity ended yesterday. */
  readonly expired?: boolean;
}

/** A certificate authority and what it issues; disposal removes all files. */
export interface Pki extends AsyncDisposable {
  readonly dir: string;
  readonly caFile: string;
  issue(options: IssueOptions): Promise<KeyPair>;
}

const LOOPBACK = ["IP:127.0.0.1", "IP:::1", "DNS:localhost"];
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/**
 * Makes a certificate authority.
 *
 * @param name The common name of the authority.
 * @returns The authority.
 */
export async function makePki(name = "kube-ipam test CA"): Promise<Pki> {
  const dir = await Deno.makeTempDir({ prefix: "kube-ipam-pki-" });
  const caFile = `${dir}/ca.pem`;
  await openssl([
    "req",
    "-x509",
    ...NEW_KEY,
    ...["-keyout", `${dir}/ca-key.pem`, "-out", caFile, "-days", "30", "-subj", `/CN=${name}`],
  ]);
  return {
    dir,
    caFile,
    issue: (options) => issue(dir, options),
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
}

async function issue(dir: string, options: IssueOptions): Promise<KeyPair> {
  const { name, usages = ["server", "client"], altNames = LOOPBACK, expired = false } = options;
  const base = `${dir}/${name.replaceAll(/[^a-z0-9]/gi, "-")}-${crypto.randomUUID().slice(0, 8)}`;
  const pair: KeyPair = { certFile: `${base}.pem`, keyFile: `${base}-key.pem` };
  await Deno.writeTextFile(
    `${base}.ext`,
    `extendedKeyUsage=${usages.map((usage) => `${usage}Auth`).join(",")}\n` +
      `subjectAltName=${altNames.join(",")}\n`,
  );
  await openssl([
    "req",
    ...NEW_KEY,
    ...["-keyout", pair.keyFile, "-out", `${base}.csr`, "-subj", `/CN=${name}`],
  ]);
  await (expired ? signExpired(dir, base) : sign(dir, base));
  return pair;
}

function sign(dir: string, base: string): Promise<void> {
  return openssl([
    "x509",
    "-req",
    ...["-in", `${base}.csr`, "-out", `${base}.pem`, "-extfile", `${base}.ext`, "-days", "30"],
    ...["-CA", `${dir}/ca.pem`, "-CAkey", `${dir}/ca-key.pem`, "-CAcreateserial"],
  ]);
}

/** `openssl x509` signs no past validity; `openssl ca` does, and wants a database for it. */
async function signExpired(dir: string, base: string): Promise<void> {
  await Deno.writeTextFile(`${base}.index`, "");
  await Deno.writeTextFile(
    `${base}.cnf`,
    `[ca]\ndefault_ca=d\n[d]\ndatabase=${base}.index\nnew_certs_dir=${dir}\nrand_serial=yes\n` +
      "default_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n",
  );
  await openssl([
    "ca",
    ...["-batch", "-notext", "-config", `${base}.cnf`, "-extfile", `${base}.ext`],
    ...["-in", `${base}.csr`, "-out", `${base}.pem`],
    ...["-cert", `${dir}/ca.pem`, "-keyfile", `${dir}/ca-key.pem`],
    ...["-startdate", "20200101000000Z", "-enddate", "20200102000000Z"],
  ]);
}

/**
 * Runs openssl.
 *
 * @param args Its arguments.
 * @throws {Error} If it fails: with what it printed.
 */
export async function openssl(args: readonly string[]): Promise<void> {
  const command = new Deno.Command("openssl", {
    args: [...args],
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stderr } = await command.output();
  if (!success) {
    throw new Error(`Cannot run openssl ${args[0]}: ${new TextDecoder().decode(stderr)}`);
  }
}
