import { assertEquals, assertRejects } from "@std/assert";
import type { EtcdConfig } from "../../../../lib/config/config.ts";
import { DatastoreError } from "../../../../lib/datastore/datastore.ts";
import {
  type Login,
  makeTokens,
  type Session,
  withToken,
} from "../../../../lib/datastore/etcd/auth.ts";
import type { Tried } from "../../../../lib/datastore/etcd/endpoints.ts";
import type { Failure } from "../../../../lib/datastore/etcd/failure.ts";

const CONFIG: EtcdConfig = {
  kind: "etcd",
  endpoints: ["http://a:1"],
  transport: "auto",
  username: "ipam",
  password: "secret-1",
};

interface Bench {
  readonly dataDir: string;
  readonly logins: string[];
  readonly login: Login;
  readonly session: () => Session;
}

async function withBench(fn: (bench: Bench) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir();
  const logins: string[] = [];
  const login: Login = ({ name, password }) => {
    logins.push(`${name}/${password}`);
    return Promise.resolve({ kind: "answer", value: `token-${logins.length}` });
  };
  const session = (): Session => ({
    signal: new AbortController().signal,
    renewed: false,
    shared: false,
  });
  try {
    await fn({ dataDir, logins, login, session });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

function failing(kind: Failure["kind"]): Tried<never> {
  return { kind: "failure", failure: { kind, sent: false, text: `seen ${kind}`, repair: "fix" } };
}

type Send = (token: string | undefined) => Promise<Tried<string>>;

/** Sends with the given token valid, all others refused. */
function server(valid: string, sent: (string | undefined)[]): Send {
  return (token) => {
    sent.push(token);
    return Promise.resolve(
      token === valid ? { kind: "answer", value: "served" } : failing("token"),
    );
  };
}

Deno.test("withToken() sends no token where no user is configured", () =>
  withBench(async ({ dataDir, logins, login, session }) => {
    const { username: _, password: __, ...config } = CONFIG;
    const tokens = makeTokens(config, { dataDir, random: () => 0 });
    const sent: (string | undefined)[] = [];
    const tried = await withToken(server("x", sent), { tokens, session: session(), login });
    assertEquals([sent, logins], [[undefined], []]);
    assertEquals(tried.kind === "failure" && tried.failure.kind, "refused");
  }));

Deno.test("withToken() authenticates once and keeps the token for the next process", () =>
  withBench(async ({ dataDir, logins, login, session }) => {
    const sent: (string | undefined)[] = [];
    for (let process = 0; process < 3; process++) {
      const tokens = makeTokens(CONFIG, { dataDir, random: () => 0 });
      for (let call = 0; call < 2; call++) {
        await withToken(server("token-1", sent), { tokens, session: session(), login });
      }
    }
    assertEquals(logins, ["ipam/secret-1"]);
    assertEquals(sent, Array(6).fill("token-1"));
    const files = await Array.fromAsync(Deno.readDir(`${dataDir}/tokens`));
    assertEquals(files.length, 1);
    const { mode } = await Deno.stat(`${dataDir}/tokens/${files[0]?.name}`);
    assertEquals((mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("withToken() renews a refused token once", () =>
  withBench(async ({ dataDir, logins, login, session }) => {
    const tokens = makeTokens(CONFIG, { dataDir, random: () => 0 });
    const sent: (string | undefined)[] = [];
    await withToken(server("token-1", sent), { tokens, session: session(), login });
    const tried = await withToken(server("token-2", sent), { tokens, session: session(), login });
    assertEquals(tried, { kind: "answer", value: "served" });
    const never = await withToken(server("none", sent), { tokens, session: session(), login });
    assertEquals(never.kind === "failure" && never.failure.kind, "unreachable");
    assertEquals(sent, ["token-1", "token-1", "token-2", "token-2", "token-3"]);
    assertEquals(logins.length, 3);
  }));

Deno.test("withToken() takes the token that another process got meanwhile", () =>
  withBench(async ({ dataDir, logins, login, session }) => {
    const ours = makeTokens(CONFIG, { dataDir, random: () => 0 });
    const theirs = makeTokens(CONFIG, { dataDir, random: () => 0 });
    const sent: (string | undefined)[] = [];
    await withToken(server("token-1", sent), { tokens: ours, session: session(), login });
    await withToken(server("token-1", sent), { tokens: theirs, session: session(), login });
    await withToken(server("token-2", sent), { tokens: theirs, session: session(), login });
    await withToken(server("token-2", sent), { tokens: ours, session: session(), login });
    assertEquals(logins.length, 2);
    assertEquals(sent.slice(-2), ["token-1", "token-2"]);
  }));

Deno.test("withToken() remembers that etcd asks for no token, until it does", () =>
  withBench(async ({ dataDir, login, session }) => {
    const off: Login = () => Promise.resolve(failing("authOff"));
    const sent: (string | undefined)[] = [];
    const first = makeTokens(CONFIG, { dataDir, random: () => 0 });
    await withToken(server("", sent), { tokens: first, session: session(), login: off });
    const second = makeTokens(CONFIG, { dataDir, random: () => 0 });
    await withToken(server("", sent), { tokens: second, session: session(), login });
    await withToken(server("token-1", sent), { tokens: second, session: session(), login });
    assertEquals(sent, ["", "", "", "token-1"]);
  }));

Deno.test("withToken() hands on why authenticating failed, and keeps nothing", () =>
  withBench(async ({ dataDir, session }) => {
    const tokens = makeTokens(CONFIG, { dataDir, random: () => 0 });
    const login: Login = () => Promise.resolve(failing("refused"));
    const tried = await withToken(server("x", []), { tokens, session: session(), login });
    assertEquals(tried, failing("refused"));
    assertEquals(await Array.fromAsync(Deno.readDir(dataDir)), []);
  }));

Deno.test("withToken() authenticates where tokens cannot be kept", () =>
  withBench(async ({ logins, login, session }) => {
    for (let process = 0; process < 2; process++) {
      const tokens = makeTokens(CONFIG, { dataDir: "/dev/null/no", random: () => 0 });
      const valid = `token-${process + 1}`;
      await withToken(server(valid, []), { tokens, session: session(), login });
    }
    assertEquals(logins.length, 2);
  }));

Deno.test("tokens of other users and endpoints are others", () =>
  withBench(async ({ dataDir, logins, login, session }) => {
    for (const change of [{}, { username: "other" }, { endpoints: ["http://b:1"] }]) {
      const tokens = makeTokens({ ...CONFIG, ...change }, { dataDir, random: () => 0 });
      await tokens.current(session(), login);
    }
    assertEquals(logins, ["ipam/secret-1", "other/secret-1", "ipam/secret-1"]);
  }));

Deno.test("the password file is read only to authenticate, without its last line end", () =>
  withBench(async ({ dataDir, logins, login, session }) => {
    const { password: _, ...rest } = CONFIG;
    const passwordFile = `${dataDir}/password`;
    await Deno.writeTextFile(passwordFile, " p\u00e4ss \n");
    const config = { ...rest, passwordFile };
    await makeTokens(config, { dataDir, random: () => 0 }).current(session(), login);
    assertEquals(logins, ["ipam/ p\u00e4ss "]);
    await Deno.remove(passwordFile);
    const warm = makeTokens(config, { dataDir, random: () => 0 });
    assertEquals(await warm.current(session(), login), { kind: "answer", value: "token-1" });
    const error = await assertRejects(
      () => warm.renew("token-1", { session: session(), login }),
      DatastoreError,
    );
    assertEquals([error.kind, error.message.includes(passwordFile)], ["misconfigured", true]);
    const none = makeTokens(rest, { dataDir: "/dev/null/no", random: () => 0 });
    assertEquals(
      (await assertRejects(() => none.current(session(), login), DatastoreError)).kind,
      "misconfigured",
    );
  }));
