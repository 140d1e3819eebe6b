/** @module */
export { InterceptingCall } from "@grpc/grpc-js";
