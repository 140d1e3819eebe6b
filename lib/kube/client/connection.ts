/**
 * What it means for a kubeconfig that the API gave no answer. Pure.
 *
 * @module
 */
import { connectionFailure, type ConnectionFault } from "../../tls/connection.ts";
import { type Refusal, WAIT } from "./answer.ts";

const CA = "Set certificate-authority-data or certificate-authority of the kubeconfig " +
  "to the CA that signed the certificate of the API server";

/** What to do about each fault; only the last one heals by itself. */
const REPAIRS: Readonly<Record<ConnectionFault, string>> = {
  port: "Correct the port in server of the kubeconfig: this one belongs to another protocol",
  permission:
    "Use an executable whose permissions name the API server, as deno task compile --conf FILE makes it: " +
    "kube-ipam version shows them",
  issuer: CA,
  expired: "Renew the certificate of the API server, and check the clock of this node",
  notYetValid: "Check the clock of this node: the certificate of the API server is not valid yet",
  name: "Name the API in server of the kubeconfig as its certificate does, " +
    "or set tls-server-name to a name that stands in it",
  authority: "Give the API server a certificate that is not itself a CA",
  certificate: `${CA}, and check that certificate`,
  clientCertificate: "Set client-certificate and client-key of the kubeconfig to a pair " +
    "that the CA of the API has signed for client use and that is still valid",
  plain: "Write http:// in server of the kubeconfig, or name the port that serves TLS",
  noConnection:
    `${WAIT}. Where the kubeconfig has a proxy-url, check that proxy; where the runtime ` +
    "has HTTPS_PROXY set, name the API server in NO_PROXY",
};

/**
 * Tells what it means that a request got no answer.
 *
 * @param error What was thrown.
 * @returns What it means.
 */
export function refusalOf(error: unknown): Refusal {
  const { fault, text } = connectionFailure(error);
  if (fault === undefined) return { kind: "unavailable", text, repair: WAIT };
  const kind = fault === "noConnection" ? "unavailable" : "misconfigured";
  return { kind, text, repair: REPAIRS[fault] };
}
