-- SPDX-License-Identifier: MIT
INSERT INTO peer_pgbench (name, run_at, payload)
VALUES ('import-accounts', now(), '{"account": 4711}');
