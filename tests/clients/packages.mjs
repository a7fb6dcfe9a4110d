// Lets the scripts here import what is installed in .clients/: Node looks beside and above a script only.
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

const here = new URL(".", import.meta.url).href;
const home = pathToFileURL(`${process.env.CLIENTS_HOME}/package.json`).href;

registerHooks({
  resolve(specifier, context, next) {
    const isPackage = !/^(\.|\/|node:|file:)/.test(specifier);
    const isOurs = context.parentURL?.startsWith(here);
    return next(specifier, isPackage && isOurs ? { ...context, parentURL: home } : context);
  },
});
