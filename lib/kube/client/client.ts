/**
 * A Kubernetes API over HTTP.
 *
 * @module
 */
import { type KubeConnection, KubeError, type PodName, type Question, type Reply } from "../api.ts";
import { TOO_LARGE } from "../../tls/body.ts";
import { type Answer, notThis, type Refusal, understand, WAIT } from "./answer.ts";
import { refusalOf } from "./connection.ts";
import { isName } from "../names.ts";
import type { Pod } from "../pod.ts";
import { readPod } from "./read_pod.ts";

/** The longest wait for one answer, in milliseconds. */
const ANSWER_MS = 3000;

/** One way to ask: sends a GET and reads the answer, until the signal. */
export interface Channel extends Disposable {
  /** Asks; throws where there is no answer. */
  get(
    url: string,
    options: { readonly headers: Readonly<Record<string, string>>; readonly signal: AbortSignal },
  ): Promise<Answer>;
}

/** What a client is made of. */
export interface ClientOptions {
  /** The URL of the API, without a slash at the end. */
  readonly server: string;
  /** As in {@linkcode KubeApi}. */
  readonly authorities: readonly string[];
  /** As in {@linkcode KubeApi}. */
  readonly warnings: readonly string[];
  /** The bearer token. */
  readonly token: string | undefined;
  /** What else is sent and never shown. */
  readonly secrets?: readonly (string | undefined)[];
  /** How it asks; disposed of with the client. */
  readonly channel: Channel;
}

/** A Kubernetes API that is asked by single requests. */
export class KubeClient implements KubeConnection {
  /** Its URL. */
  readonly server: string;
  /** The hashes of its certificates. */
  readonly authorities: readonly string[];
  /** What deserves a line in the log. */
  readonly warnings: readonly string[];
  readonly #token: string | undefined;
  readonly #secrets: readonly (string | undefined)[];
  readonly #channel: Channel;

  /**
   * @param options What it is made of.
   */
  constructor(options: ClientOptions) {
    this.server = options.server;
    this.authorities = options.authorities;
    this.warnings = options.warnings;
    this.#token = options.token;
    this.#secrets = [options.token, ...options.secrets ?? []];
    this.#channel = options.channel;
  }

  /** Reads one pod. */
  async getPod(pod: PodName, options: { readonly signal: AbortSignal }): Promise<Pod | undefined> {
    const { namespace, name } = pod;
    const what = `the pod "${namespace}/${name}"`;
    if (!isName(namespace) || !isName(name)) {
      throw new KubeError("misconfigured", `Cannot read ${what} as that is no name of a pod`, {
        repair: "Let the runtime set K8S_POD_NAMESPACE and K8S_POD_NAME in CNI_ARGS",
      });
    }
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const answer = await this.#get({ ...options, path, what });
    const understood = understand(answer, { resource: "pods", secrets: this.#secrets });
    switch (understood.kind) {
      case "absent":
        return undefined;
      case "refusal":
        throw this.#failure(what, understood.refusal);
      case "object":
        return this.#podOf(understood.value, { pod, what });
    }
  }

  /** Asks for an object or a list. */
  async ask(question: Question): Promise<Reply> {
    const answer = await this.#get(question);
    if (answer.text === TOO_LARGE) return { kind: "tooLarge" };
    const understood = understand(answer, { ...question, secrets: this.#secrets });
    if (understood.kind !== "refusal") return understood;
    throw this.#failure(question.what, understood.refusal);
  }

  /** Closes the connections. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#channel[Symbol.dispose]();
    return Promise.resolve();
  }

  async #get(question: Omit<Question, "resource" | "role">): Promise<Answer> {
    const { path, what, accept = "application/json", answerMs = ANSWER_MS, signal } = question;
    const headers: Record<string, string> = { accept };
    if (this.#token !== undefined) headers["authorization"] = `Bearer ${this.#token}`;
    const ended = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    const late = (): KubeError => {
      const text = signal.aborted ? "the time of this call is over" : `no answer in ${answerMs} ms`;
      return this.#failure(what, { kind: "unavailable", text, repair: WAIT });
    };
    if (signal.aborted) throw late();
    try {
      const answer = await this.#channel.get(this.server + path, { headers, signal: ended });
      // A body that was not read to its end in time looks as if it was cut off.
      if (typeof answer.text === "symbol" && ended.aborted) throw late();
      return answer;
    } catch (error) {
      if (error instanceof KubeError) throw error;
      throw ended.aborted ? late() : this.#failure(what, refusalOf(error), error);
    }
  }

  #podOf(
    value: unknown,
    options: { readonly pod: PodName; readonly what: string },
  ): Pod {
    const { pod, what } = options;
    try {
      const seen = readPod(value);
      if (seen.namespace === pod.namespace && seen.name === pod.name) return seen;
      throw new SyntaxError("it is another pod");
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw this.#failure(what, notThis(error.message));
    }
  }

  #failure(what: string, { kind, text, repair }: Refusal, cause?: unknown): KubeError {
    const message = `Cannot read ${what} from ${this.server}: ${text}`;
    return new KubeError(kind, message, { repair, cause });
  }
}
