/** Steps of the schema, in order. A step that has been released is never changed; a new one is added behind it. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE rules (
    org_id TEXT NOT NULL,
    id TEXT NOT NULL,
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    params TEXT NOT NULL,
    "when" TEXT,
    required INTEGER,
    on_error TEXT,
    UNIQUE (org_id, id)
  );
  CREATE TABLE outputs (
    org_id TEXT NOT NULL,
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    url TEXT,
    body TEXT NOT NULL
  );
  CREATE TABLE settings (
    org_id TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (org_id, name)
  );
  CREATE TABLE published (
    org_id TEXT PRIMARY KEY,
    manifest TEXT NOT NULL,
    hash TEXT NOT NULL,
    published_at INTEGER NOT NULL
  );
  `,
]
