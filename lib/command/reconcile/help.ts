/**
 * What `reconcile --help` prints.
 *
 * @module
 */

/** The text. */
export const RECONCILE_HELP =
  `kube-ipam reconcile: free what belongs to pods and containers that are gone, once

Usage:
  kube-ipam reconcile --conf FILE [--dry-run] [--node NAME] [--json] [--grace 5m]
                      [--max-fraction 0.5] [--yes] [--running FILE]

  --conf FILE        the network configuration (.conf or .conflist), for its datastore, cluster and kubeConfig;
                     "-" is stdin, for an executable that may not read the file
  --dry-run          change nothing: print what would be freed
  --node NAME        only records of this node
  --json             one JSON object: dryRun, freed, kept, unreadable, refused
  --grace DURATION   leave records alone that are younger; default 5m
  --max-fraction F   free nothing on a network of which more than this part would go; default 0.5.
                     Ten attachments are always allowed
  --yes              free whatever is proved to be gone, however much it is
  --running FILE     keep these containers: one ID per line, as podman ps -q --no-trunc prints; "-" is stdin.
                     Where nothing runs it must hold the line "none". For hosts without Kubernetes:
                     only with it are records of an earlier boot freed
  --help             print this text

All address spaces and networks of the datastore are looked at, and only records of this cluster are changed. An
address is freed when its record was read before the pods were listed, its pod is in no list, the Kubernetes API
says of exactly this pod that it is gone, replaced or finished, and nobody wrote the record meanwhile: so it may
run at any time. Addresses with "retain" stay with their owners; "retain": "owner" ends with the StatefulSet.

Exit code: 0; 1 if something failed, could not be read or was refused; 2 if the words are not understood.`;
