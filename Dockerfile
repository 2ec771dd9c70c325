# One image, three roles: `up` (the default), `node` and `controller`.
#   docker build -t streamgate . && docker run --rm -p 8081:8081 streamgate
#
# Debian's glibc and not Alpine's musl: it is what the tests and the figures in the README run on. Packages with native parts (snappy,
# argon2) bring both. RUN lines keep to relative paths, so that `node scripts/image.ts` can do the same steps in a folder, without Docker.

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --cache ./.npm
# The image has its Node. Types and source maps are for who develops.
RUN rm -rf node_modules/node-linux-* node_modules/.bin
RUN find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# With what the dashboard is built with and of.
RUN npm ci --ignore-scripts --no-audit --no-fund --cache ./.npm
COPY tsconfig.json ./
COPY scripts/build.ts scripts/dashboard.ts scripts/one-at-a-time.ts ./scripts/
COPY src ./src
COPY ui ./ui
RUN npm run build
RUN mkdir data bin && ln -s ../dist/main.js bin/streamgate

FROM node:24-slim
LABEL org.opencontainers.image.title="StreamGate" \
      org.opencontainers.image.description="An open observability firewall" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
    DATA_DIR=/data \
    PATH=/app/bin:$PATH
WORKDIR /app
COPY LICENSE ./
COPY deploy/healthcheck.mjs ./deploy/
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/bin ./bin
# New volumes take over whose folder this is.
COPY --from=build --chown=node:node /app/data /data
USER node
VOLUME /data
# Lines over TCP, datagrams, bodies over HTTP, metrics and health, API, OpAMP.
EXPOSE 8081/tcp 8082/udp 8080/tcp 8083/tcp 8000/tcp 4320/tcp
# What is in memory is handed on first; that takes up to shutdown_timeout_ms and a second, 11 s by default, and Docker waits for 10 s
# unless told otherwise (`docker stop -t 15`, stop_grace_period). As process 1 it handles signals itself and has no children to reap.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["node", "deploy/healthcheck.mjs"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["up"]
