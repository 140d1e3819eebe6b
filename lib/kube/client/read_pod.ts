/**
 * A pod, from what the API says of one. Pure.
 *
 * Read by hand: a schema library would cost more than the answer.
 *
 * @module
 */
import { isRecord } from "../../cni/values.ts";
import { isReadAnnotation } from "../annotations/keys.ts";
import type { Controller, Pod } from "../pod.ts";

type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Fields = {};

/**
 * Reads a pod.
 *
 * @param value The object of the API.
 * @returns The pod, with those annotations that kube-ipam reads.
 * @throws {SyntaxError} If it is no pod: names the field.
 */
export function readPod(value: unknown): Pod {
  if (!isRecord(value) || value["kind"] !== "Pod") throw new SyntaxError("kind is not Pod");
  const metadata = partOf(value, "metadata");
  const spec = partOf(value, "spec");
  const labels = partOf(metadata, "labels");
  return {
    namespace: requiredOf(metadata, "namespace"),
    name: requiredOf(metadata, "name"),
    uid: requiredOf(metadata, "uid"),
    phase: textOf(partOf(value, "status"), "phase") ?? "",
    deletionMs: timeOf(metadata, "deletionTimestamp"),
    annotations: annotationsOf(partOf(metadata, "annotations")),
    controller: controllerOf(metadata),
    templateHash: textOf(labels, "pod-template-hash"),
    serviceAccount: textOf(spec, "serviceAccountName") ?? "",
    nodeName: textOf(spec, "nodeName") ?? "",
  };
}

/** What is absent or null is empty, as in Go. */
function partOf(value: Fields, key: string): Fields {
  const part = value[key] ?? NOTHING;
  if (isRecord(part)) return part;
  throw new SyntaxError(`${key} is not an object`);
}

function textOf(value: Fields, key: string): string | undefined {
  const text = value[key] ?? undefined;
  if (text === undefined) return text;
  if (typeof text !== "string") throw new SyntaxError(`${key} is not a string`);
  // Names become parts of keys: half of a surrogate pair cannot.
  if (!text.isWellFormed()) throw new SyntaxError(`${key} is not well-formed Unicode`);
  return text;
}

function requiredOf(value: Fields, key: string): string {
  const text = textOf(value, key) ?? "";
  if (text === "") throw new SyntaxError(`${key} is absent`);
  return text;
}

function timeOf(value: Fields, key: string): number | undefined {
  const text = textOf(value, key);
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new SyntaxError(`${key} is not a time`);
  return ms;
}

function annotationsOf(all: Fields): Readonly<Record<string, string>> {
  const keys = Object.keys(all).filter(isReadAnnotation);
  return Object.fromEntries(keys.map((key) => [key, textOf(all, key) ?? ""]));
}

function controllerOf(metadata: Fields): Controller | undefined {
  const references = metadata["ownerReferences"] ?? [];
  if (!Array.isArray(references)) throw new SyntaxError("ownerReferences is not a list");
  const reference: unknown = references.find((one) => isRecord(one) && one["controller"] === true);
  if (!isRecord(reference)) return undefined;
  return {
    apiVersion: requiredOf(reference, "apiVersion"),
    kind: requiredOf(reference, "kind"),
    name: requiredOf(reference, "name"),
    uid: requiredOf(reference, "uid"),
  };
}
