# Voicecall in a container: its own Node 24, not root, nothing written outside /data and /tmp.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The optional dependencies are Node itself, for machines with an older one: the image has its own.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production \
    DATA_DIR=/data
WORKDIR /app
RUN mkdir /data && chown node:node /data && chmod 0700 /data
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY manifest ./manifest
COPY src ./src
USER node
# SQLite's database; of no use where DATABASE_URL is set.
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--min-semi-space-size=8", "--max-semi-space-size=8", "src/run.mjs", "src/main.ts"]
