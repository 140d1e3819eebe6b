/** @module */
export { Etcd3 } from "etcd3";
