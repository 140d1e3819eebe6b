/** @module */
export { CORE_SCHEMA, load, Type, YAMLException } from "js-yaml";
