// Reads a catalogue as EventCatalog does: `node eventcatalog.mjs FOLDER` prints what its linter and MDX refuse, and what its SDK finds.
import sdk from "@eventcatalog/sdk";
import linter from "@eventcatalog/linter";
import { compile } from "@mdx-js/mdx";

const folder = process.argv[2];
const { parsed, errors } = await linter.parseAllFiles(await linter.scanCatalogFiles(folder));
const refused = errors.map(({ file, error }) => `${file.relativePath}: ${error.message}`);
// Owners are people, and the contracts know none.
const found = linter.validateCatalog(parsed).filter(({ rule }) => rule !== "best-practices/owner-required");
refused.push(...found.map(({ file, message }) => `${file}: ${message}`));

const catalog = sdk(folder);
const events = await catalog.getEvents();
for (const page of [...events, ...(await catalog.getServices()), ...(await catalog.getDomains()), ...(await catalog.getChannels())]) {
  await compile(page.markdown).catch((error) => refused.push(`${page.id}: ${error.message}`));
}
const schema = async ({ id, version }) => JSON.parse((await catalog.getSchemaForMessage(id, version)).schema);
const short = (pointers = []) => pointers.map(({ id, version, to, from }) => [id, version, (to ?? from)[0].id]);

console.log(
  JSON.stringify({
    refused,
    pages: parsed.length,
    events: await Promise.all(events.map(async (event) => [event.id, event.version, event.summary, await schema(event)])),
    services: Object.fromEntries(
      (await catalog.getServices()).map(({ id, sends, receives }) => [id, { sends: short(sends), receives: short(receives) }]),
    ),
    domains: Object.fromEntries((await catalog.getDomains()).map(({ id, services }) => [id, services.map((service) => service.id)])),
    channels: (await catalog.getChannels()).map(({ address }) => address).sort(),
  }),
);
