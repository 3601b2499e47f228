// Echo server in Node, with its streams: pipe() stops reading while a client does not take its bytes.
'use strict';

const net = require('net');

const argument = process.argv[2] || '0';
if (argument === '--version') {
  console.log(`Node ${process.versions.node}`);
  process.exit(0);
}

const server = net.createServer({ noDelay: true, highWaterMark: 16 * 1024 }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});
server.listen({ host: '127.0.0.1', port: Number(argument), backlog: 1024 }, () => {
  console.log(`listening on 127.0.0.1:${server.address().port}`);
});
