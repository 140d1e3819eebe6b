/** @module */
export { InterceptingCall } from "@grpc/grpc-js";
export { Etcd3 } from "etcd3";
