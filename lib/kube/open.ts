/**
 * Opens the Kubernetes API of a kubeconfig.
 *
 * @module
 */
import { DEFAULT_KUBECONFIG } from "../config/defaults.ts";
import { nameOfUnreadable, readRegular } from "../file/regular.ts";
import { TlsError } from "../tls/error.ts";
import { checkPair } from "../tls/pair.ts";
import { sha256 } from "../tls/sha256.ts";
import { notPem, type PemFile, pemOf, readFileOf, repairOfUnreadable } from "../tls/pem_file.ts";
import { type KubeConnection, KubeError } from "./api.ts";
import { type Channel, KubeClient } from "./client/client.ts";
import { fetchChannel } from "./client/fetch_channel.ts";
import { type Access, readAccess } from "./kubeconfig/kubeconfig.ts";
import type { Source } from "./kubeconfig/source.ts";
import { parseYaml, YamlError } from "./kubeconfig/yaml.ts";

/**
 * Opens the Kubernetes API of a kubeconfig; nothing is connected before the first question.
 *
 * @param file The path of the kubeconfig.
 * @returns The API; dispose of it.
 * @throws {KubeError} `misconfigured`, if the kubeconfig or a file that it names cannot be used.
 */
export async function openKube(file: string): Promise<KubeConnection> {
  const access = readAccess(await valueOf(file), file);
  try {
    return await open(access);
  } catch (error) {
    if (!(error instanceof TlsError)) throw error;
    const { message, repair, cause } = error;
    throw new KubeError("misconfigured", `${message} (kubeconfig "${file}")`, { repair, cause });
  }
}

async function valueOf(file: string): Promise<unknown> {
  try {
    return await parseYaml(readRegular(file));
  } catch (cause) {
    if (cause instanceof YamlError) {
      throw new KubeError(
        "misconfigured",
        `Cannot read the kubeconfig "${file}": ${cause.message}`,
        {
          repair: "Mend its YAML at this place: kubectl config view --kubeconfig FILE checks it",
        },
      );
    }
    throw unreadable(file, cause);
  }
}

function unreadable(file: string, cause: unknown): KubeError {
  const isDefault = file === DEFAULT_KUBECONFIG;
  const repair = isDefault && cause instanceof Deno.errors.NotFound
    ? 'Set ipam.kubeConfig or annotations: "off"'
    : `${repairOfUnreadable("ipam.kubeConfig", cause)}, or set annotations: "off"`;
  return new KubeError(
    "misconfigured",
    `Cannot read the kubeconfig "${file}": current error is ${nameOfUnreadable(cause)}`,
    { repair, cause },
  );
}

async function open(access: Access): Promise<KubeConnection> {
  const { server, warnings } = access;
  const ca = pemFrom(access.ca);
  const secure = server.startsWith("https:");
  const pair = secure && access.pair !== undefined ? await pairFrom(access.pair) : undefined;
  const token = tokenFrom(access.token);
  const authorities = await authoritiesOf(ca, server);
  const channel = await channelOf(access, { ca: ca?.text, pair });
  const unknown = authorities.length > 0 ? [] : [
    `The kubeconfig "${access.file}" has no certificate-authority that tells this API from others ` +
    `under the name ${server}: no address of a pod that is gone is taken over`,
  ];
  return new KubeClient({
    server,
    authorities,
    warnings: [...warnings, ...unknown],
    token,
    secrets: [access.proxy?.basicAuth?.password],
    channel,
  });
}

interface Texts {
  readonly ca: string | undefined;
  readonly pair: { readonly cert: string; readonly key: string } | undefined;
}

async function channelOf(access: Access, texts: Texts): Promise<Channel> {
  const { insecure, serverName, proxy } = access;
  try {
    // Made in any case: it refuses certificates that TLS does not take, and connects to nobody.
    const channel = fetchChannel({ ...texts, proxy });
    if (!insecure && serverName === undefined) return channel;
    channel[Symbol.dispose]();
    const { socketChannel } = await import("./client/socket_channel.ts");
    return socketChannel({ ...texts, insecure, serverName });
  } catch (cause) {
    throw new KubeError(
      "misconfigured",
      `Cannot use the certificates of the kubeconfig "${access.file}"`,
      {
        repair: "Check certificate-authority, client-certificate and client-key: " +
          (cause instanceof Error ? cause.message.trim() : "unknown error"),
        cause,
      },
    );
  }
}

function textFrom(source: Source): string {
  return source.kind === "text" ? source.text : readFileOf(source);
}

function originOf(source: Source): { readonly setting: string; readonly path: string | undefined } {
  const path = source.kind === "file" ? source.path : undefined;
  return { setting: source.setting, path };
}

function pemFrom(source: Source): PemFile;
function pemFrom(source: Source | undefined): PemFile | undefined;
function pemFrom(source: Source | undefined): PemFile | undefined {
  return source === undefined ? undefined : pemOf(textFrom(source), originOf(source));
}

async function pairFrom(
  pair: NonNullable<Access["pair"]>,
): Promise<NonNullable<Texts["pair"]>> {
  const cert = pemFrom(pair.cert);
  const key = pemFrom(pair.key);
  await checkPair(cert, key);
  return { cert: cert.text, key: key.text };
}

/** What may stand in a header. */
const TOKEN = /^[!-~]+$/;

function tokenFrom(source: Source | undefined): string | undefined {
  if (source === undefined) return undefined;
  const token = textFrom(source).trim();
  if (TOKEN.test(token)) return token;
  const what = source.kind === "file"
    ? `the file "${source.path}" of ${source.setting}`
    : source.setting;
  const seen = token === ""
    ? "it is empty"
    : "it holds a space or another character that no token has";
  throw new TlsError(`Cannot use ${what} as a token: ${seen}`, {
    repair: `Set ${source.setting} to the token of a service account`,
  });
}

/** Names that mean another API on each node, or in each cluster. */
function isAnywhere(server: string): boolean {
  const { hostname } = new URL(server);
  return /^(?:localhost|127\.[\d.]+|\[::1\]|kubernetes(?:\.default(?:\..*)?)?)$/.test(hostname);
}

async function authoritiesOf(
  ca: PemFile | undefined,
  server: string,
): Promise<readonly string[]> {
  if (ca === undefined) {
    return isAnywhere(server) ? [] : [await sha256(server)];
  }
  const certificates = ca.blocks.filter(({ label }) => label === "CERTIFICATE");
  if (certificates.length === 0) throw notPem(ca, 'no block "CERTIFICATE" in it');
  return await Promise.all(certificates.map(({ der }) => sha256(der)));
}
