/**
 * What an ADD knows of the datastore by now.
 *
 * @module
 */
import type { Former } from "./former.ts";
import type { OwnerEntry } from "../owner_entry.ts";

/** What an ADD has learnt from the conflicts of its tries. */
export interface Known {
  /** What the same container held in an earlier life. */
  readonly earlier: Former | undefined;
  /** The attachment to take over. */
  readonly former: Former | undefined;
  /** What the owner keeps. */
  readonly owned: OwnerEntry | undefined;
  /** Addresses under the owner's name that proved to be somebody else's. */
  readonly without: ReadonlySet<string>;
  /** Attachments to be removed, with their revisions, that their owners have left: nothing is retained for these. */
  readonly detached: ReadonlySet<string>;
}
