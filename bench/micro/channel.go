// The reference of the two-thread figures of channel.cpp: the same in Go, each goroutine locked to its thread.
//
//	go run bench/micro/channel.go
package main

import (
	"fmt"
	"runtime"
	"testing"
)

func pingPong(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	there, back := make(chan int), make(chan int)
	go func() {
		runtime.LockOSThread()
		for item := range there {
			back <- item
		}
	}()
	for i := 0; i < b.N; i++ {
		there <- 1
		<-back
	}
	close(there)
}

func stream(b *testing.B) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	channel, done := make(chan int, 1024), make(chan bool)
	go func() {
		runtime.LockOSThread()
		for range channel {
		}
		done <- true
	}()
	for i := 0; i < b.N; i++ {
		channel <- 1
	}
	close(channel)
	<-done
}

func main() {
	fmt.Println("ping-pong, there and back:", testing.Benchmark(pingPong))
	fmt.Println("stream through 1024:      ", testing.Benchmark(stream))
}
