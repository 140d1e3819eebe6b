/**
 * A page of a list of metadata, the metadata of one object, and a StatefulSet, from what the API says. Pure.
 *
 * @module
 */
import { isRecord } from "../../cni/values.ts";
import { CONFIG_HASH } from "../annotations/keys.ts";
import type { Ordinals } from "../inventory.ts";

/** What is kept of an object. */
export interface Listed {
  /** `metadata.name`. */
  readonly name: string;
  /** `metadata.uid`. */
  readonly uid: string;
  /** The annotation `kubernetes.io/config.hash`: the UID that a kubelet gives a static pod. */
  readonly configHash: string | undefined;
}

/** One page. */
export interface Page {
  /** Its objects. */
  readonly items: readonly Listed[];
  /** Names the next page; empty for the last. */
  readonly next: string;
}

/**
 * Reads a page.
 *
 * @param value What the API answered.
 * @returns The page.
 * @throws {SyntaxError} If it is none, or an object in it lacks what names it: a list is whole, or it is nothing.
 */
export function readPage(value: unknown): Page {
  if (!isRecord(value) || value["kind"] !== "PartialObjectMetadataList") {
    throw new SyntaxError("kind is not PartialObjectMetadataList");
  }
  const { metadata } = value;
  const items = value["items"] ?? []; // Go writes null for an empty list
  if (!Array.isArray(items)) throw new SyntaxError("items is not a list");
  if (!isRecord(metadata)) throw new SyntaxError("metadata is not an object");
  const next = metadata["continue"] ?? "";
  if (typeof next !== "string") throw new SyntaxError("metadata.continue is not a string");
  return { items: items.map(readListed), next };
}

function readListed(item: unknown): Listed {
  const metadata = isRecord(item) ? item["metadata"] : undefined;
  if (!isRecord(metadata)) throw new SyntaxError("an item has no metadata");
  const { name, uid, annotations } = metadata;
  if (typeof name !== "string" || typeof uid !== "string" || name === "" || uid === "") {
    throw new SyntaxError("an item has no name or uid");
  }
  const hash = isRecord(annotations) ? annotations[CONFIG_HASH] : undefined;
  return { name, uid, configHash: typeof hash === "string" && hash !== "" ? hash : undefined };
}

/**
 * Reads the UID of one object.
 *
 * @param value What the API answered.
 * @returns Its UID.
 * @throws {SyntaxError} If it is no metadata of one object.
 */
export function readUid(value: unknown): string {
  if (!isRecord(value) || value["kind"] !== "PartialObjectMetadata") {
    throw new SyntaxError("kind is not PartialObjectMetadata");
  }
  return readListed(value).uid;
}

/**
 * Reads which pods a StatefulSet wants.
 *
 * @param value What the API answered.
 * @returns Its first ordinal and how many.
 * @throws {SyntaxError} If it is no StatefulSet.
 */
export function readOrdinals(value: unknown): Ordinals {
  if (!isRecord(value) || value["kind"] !== "StatefulSet") {
    throw new SyntaxError("kind is not StatefulSet");
  }
  const { spec } = value;
  if (!isRecord(spec)) throw new SyntaxError("spec is not an object");
  const { ordinals } = spec;
  const replicas = spec["replicas"] ?? 1;
  const start = isRecord(ordinals) ? ordinals["start"] ?? 0 : 0;
  if (!isCount(replicas) || !isCount(start)) throw new SyntaxError("replicas is not a count");
  return { start, replicas };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
