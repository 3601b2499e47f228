// Echo server in Go: one goroutine per connection, on one processor as the other servers.
package main

import (
	"fmt"
	"log"
	"net"
	"os"
	"runtime"
)

const bufferBytes = 16 * 1024

func serve(connection net.Conn) { // Go sets TCP_NODELAY itself
	defer connection.Close()
	buffer := make([]byte, bufferBytes)
	for {
		size, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err = connection.Write(buffer[:size]); err != nil {
			return
		}
	}
}

func main() {
	port := "0"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	if port == "--version" {
		fmt.Println("Go", runtime.Version()[2:])
		return
	}
	runtime.GOMAXPROCS(1)
	listener, err := net.Listen("tcp", "127.0.0.1:"+port) // the backlog is the system's limit
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	for {
		connection, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(connection)
	}
}
