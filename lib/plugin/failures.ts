/**
 * The one table from outcomes and failures to CNI errors.
 *
 * @module
 */
import { CniError, type Code, CODES, toCniError } from "../cni/errors.ts";
import type { Config } from "../config/config.ts";
import { DatastoreError, type DatastoreFailure } from "../datastore/datastore.ts";
import type { AddOutcome } from "../ipam/add/allocate.ts";
import type { Stray } from "../kube/annotations/annotations.ts";
import { KubeError, type KubeFailure } from "../kube/api.ts";
import type { CheckOutcome } from "../ipam/check.ts";
import { poolOf } from "../ipam/pool.ts";
import { formatAddr } from "../net/addr.ts";
import { formatPrefix } from "../net/prefix.ts";
import { formatRange } from "../net/range.ts";
import type { AddressRecord, AttachmentRecord, PodRef } from "../state/records.ts";
import { RecordError } from "../state/record_text.ts";

type Refused = Exclude<AddOutcome, { kind: "granted" | "held" | "forbidden" }>;

const DATASTORE: Readonly<Record<DatastoreFailure, readonly [Code, string]>> = {
  unreachable: [CODES.tryAgain, "Cannot reach the datastore"],
  ambiguous: [CODES.tryAgain, "Cannot tell whether the datastore took the change"],
  refused: [CODES.datastoreRefused, "Cannot use the datastore as it refused the credentials"],
  misconfigured: [CODES.invalidConfig, "Cannot use the datastore as it is configured"],
  storage: [CODES.io, "Cannot read or write the datastore"],
  full: [CODES.tryAgain, "Cannot write to the datastore as it is out of space"],
};

const KUBERNETES: Readonly<Record<KubeFailure, readonly [Code, string]>> = {
  misconfigured: [CODES.invalidConfig, "Cannot use the Kubernetes API as it is configured"],
  refused: [CODES.kubernetesRefused, "Cannot read from the Kubernetes API as it refused"],
  unavailable: [CODES.tryAgain, "Cannot read from the Kubernetes API"],
};

/**
 * Turns whatever a call threw into the error that the runtime reads.
 *
 * @param error What was thrown.
 * @returns The error; code 999 for what nobody expected.
 */
export function failure(error: unknown): CniError {
  if (error instanceof DatastoreError) {
    const [code, message] = DATASTORE[error.kind];
    return new CniError(code, message, {
      details: `${error.message}. ${error.repair}`,
      cause: error,
    });
  }
  if (error instanceof KubeError) {
    const [code, message] = KUBERNETES[error.kind];
    return new CniError(code, message, {
      details: `${error.message}. ${error.repair}`,
      cause: error,
    });
  }
  if (error instanceof RecordError) {
    return new CniError(CODES.decode, "Cannot read a record of the datastore", {
      details: `${error.key}: ${error.message}. ${error.repair}`,
      cause: error,
    });
  }
  if (
    error instanceof DOMException && (error.name === "TimeoutError" || error.name === "AbortError")
  ) {
    return new CniError(CODES.tryAgain, "Cannot finish within the deadline", {
      details: "The datastore answers too slowly. The runtime tries again by itself",
      cause: error,
    });
  }
  if (error instanceof RangeError && error.message.includes("call stack")) {
    return new CniError(CODES.invalidConfig, "Cannot use the network configuration", {
      details: "It is nested too deeply",
      cause: error,
    });
  }
  return toCniError(error);
}

/**
 * The error of an ADD that grants nothing.
 *
 * @param outcome How the plan ended.
 * @param config The configuration, for what the message names.
 * @returns The error.
 */
export function refusal(outcome: Refused, config: Config): CniError {
  switch (outcome.kind) {
    case "exhausted":
      return exhausted(outcome, config);
    case "taken":
      return taken(outcome);
    case "superseded":
      return new CniError(CODES.tryAgain, "A newer container of this pod was faster", {
        details: `${
          holderText(outcome.record)
        }. This call came too late to take its addresses over`,
      });
    case "foreign":
      return new CniError(CODES.taken, "This container ID is held on another node", {
        details:
          `${holderText(outcome.record)}. Container IDs must differ between the hosts of one ` +
          "addressSpace; set ipam.addressSpace to keep them apart",
      });
    case "stranger": {
      const { record } = outcome;
      const who = "addresses" in record && "containerID" in record
        ? holderText(record)
        : `kept for ${record.owner.namespace}/${record.owner.name}`;
      return new CniError(CODES.tryAgain, "Another cluster of this name keeps addresses", {
        details: `Addresses are ${who} under the cluster name "${record.cluster}", ` +
          "written by another Kubernetes API, or by this one with another certificate authority: set ipam.cluster " +
          "to a name of its own in each cluster; if the authority was changed, see docs/annotations.md, The kubeconfig",
      });
    }
    case "differs": {
      const held = outcome.record.addresses.map(({ ip }) => ip).join(", ");
      return new CniError(CODES.taken, "This attachment holds another address", {
        details:
          `It holds ${held} and asks for ${outcome.wish.text} (${outcome.wish.path}). Call DEL before ADD`,
      });
    }
  }
}

/**
 * The error of a CHECK that found a difference.
 *
 * @param outcome How the plan ended.
 * @returns The error, code 104.
 */
export function mismatch(outcome: Exclude<CheckOutcome, { kind: "ok" }>): CniError {
  const details = ((): string => {
    switch (outcome.kind) {
      case "absent":
        return "Nothing is recorded for this container and interface on this network";
      case "foreign":
        return holderText(outcome.record);
      case "missing":
        return `The attachment holds ${outcome.ip}, which prevResult does not name on this interface`;
      case "lost":
        return `prevResult names ${outcome.ip}, which is not recorded as held by this attachment`;
    }
  })();
  return new CniError(CODES.checkFailed, "The allocation is not as the result said", {
    details: `${details}. Delete the pod so that the runtime sets it up anew`,
  });
}

function exhausted(
  { set, size, wish, holders = [] }: Extract<Refused, { kind: "exhausted" }>,
  { sets, network }: Config,
): CniError {
  if (wish !== undefined) {
    const shown = holders.slice(0, SHOWN).map((holder) => `${holder.ip} ${holderText(holder)}`);
    const more = holders.length > SHOWN ? `, and ${holders.length - SHOWN} more` : "";
    return new CniError(CODES.exhausted, "No address of the requested pool is free", {
      details:
        `All ${size} addresses of ${wish.path} "${wish.text}" are in use${
          shown.length === 0 ? "" : `: ${shown.join(", ")}${more}`
        }. ` +
        "Widen the pool; a Deployment with as many replicas as addresses needs maxSurge: 0",
    });
  }
  const ranges = sets[set];
  const text = ranges === undefined ? "" : poolOf(ranges).parts
    .map(({ range, members }) => {
      const family = range.subnet.family;
      const spans = members.slice(0, 4).map((span) => formatRange({ family, ...span }));
      return `${range.path}: ${[...spans, ...(members.length > 4 ? ["..."] : [])].join(", ")}`;
    })
    .join("; ");
  return new CniError(CODES.exhausted, "No IP addresses available in range set", {
    details:
      `All ${size} addresses of range set ${set} of network "${network}" are in use (${text}). ` +
      "Widen the range, or look for attachments that are gone with GC",
  });
}

function taken(
  { asked, holder, samePod, verdict }: Extract<Refused, { kind: "taken" }>,
): CniError {
  const text = `${formatAddr(asked.addr)} (${asked.path})`;
  if (samePod) {
    return new CniError(
      CODES.taken,
      "The requested address is kept by another interface of this pod",
      {
        details:
          `${text}: this pod already holds it on ${holder.ifname} of network "${holder.network}". ` +
          "Ask for one address for each, with kube-ipam.ip.<network>",
      },
    );
  }
  if (holder.state === "retained") {
    const { owner, until, cluster } = holder;
    const whom = owner === undefined ? "another owner" : `${owner.namespace}/${owner.name}`;
    const end = until === undefined ? "" : ` until ${moment(until)}`;
    return new CniError(CODES.taken, "The requested address is retained for another owner", {
      details:
        `${text}: retained for ${whom} of cluster ${cluster} on network "${holder.network}"${end}. ` +
        `Free it with kube-ipam release --conf FILE ${holder.ip}, or ask for another`,
    });
  }
  const why = verdict === undefined || verdict.kind === "gone"
    ? "It is granted as soon as its holder is deleted"
    : verdict.kind === "present"
    ? verdict.advice
    : `It is not taken over: ${verdict.reason}`;
  return new CniError(CODES.tryAgain, "The requested address is in use", {
    details: `${text}: ${holderText(holder)}. ${why}`,
  });
}

/**
 * The error of an ADD whose pod asks for an address that none of its networks has.
 *
 * @param lost The addresses.
 * @param options This network, and the subnets of those that are known.
 * @returns The error, code 102.
 */
export function straysRefusal(
  lost: readonly Stray[],
  options: {
    readonly config: Config;
    readonly subnets: ReadonlyMap<string, readonly string[]>;
  },
): CniError {
  const { config: { network, sets }, subnets } = options;
  const own = sets.flatMap(({ ranges }) => ranges.map(({ subnet }) => formatPrefix(subnet)));
  const known = new Map([...subnets, [network, [...new Set(own)]]]);
  const text = [...known].map(([name, list]) => `${name} (${list.join(", ")})`).join(", ");
  return new CniError(CODES.outside, "Cannot give the fixed address", {
    details: lost.map((stray) => `${formatAddr(stray.addr)} (${stray.path})`).join(", ") +
      " is in no network that this pod holds an address of, and this is its last interface. " +
      `Known networks are ${text}. Correct the address; ` +
      `for one network only, write kube-ipam.ip.${network}`,
  });
}

function holderText(record: AddressRecord | AttachmentRecord): string {
  return `held by ${podText(record.pod)}container ${record.containerID} (${record.ifname}) ` +
    `on ${record.node}${record.cluster === "default" ? "" : ` of cluster ${record.cluster}`} ` +
    `since ${moment(record.since)}`;
}

/** Holders that a message names. */
const SHOWN = 4;

function podText(pod: PodRef | undefined): string {
  if (pod === undefined) return "";
  return `${pod.namespace === undefined ? "" : `${pod.namespace}/`}${pod.name}, `;
}

function moment(ms: number): string {
  return new Date(ms).toISOString();
}
