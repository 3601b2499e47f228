"""gdb commands for the fibers of weft: `help fiber`, `info fibers`; and printers of handles, channels
and futures. For live processes and core files; writes nothing to either.

Everything is read through `weft_debugger_table` (src/core/debugger.cpp), so no debug information of weft is needed. A parked fiber is
shown by an unwinder, which makes the fiber's stack the continuation of its hub's thread; frames of the thread itself are left out of
backtraces meanwhile.
"""
import struct
import time

import gdb
from gdb.unwinder import Unwinder

SAVED_REGISTERS = ("rip", "rbp", "rbx", "r12", "r13", "r14", "r15")
KNOWN_VERSION = 1
MAX_FIBERS = 10_000_000  # a list that is longer is torn: the process stopped in the middle of a change


def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def word(address):
    return struct.unpack("<Q", read(address, 8))[0]


def signed(address):
    return struct.unpack("<q", read(address, 8))[0]


def text(address):
    """A C string."""
    return gdb.Value(address).cast(gdb.lookup_type("char").pointer()).string(errors="replace")


def symbol(name):
    """The address of a variable, with debug information or without."""
    return int(gdb.parse_and_eval(f"(unsigned long) &{name}"))


def layout_of(table):
    """The values of a table of the library by their names."""
    try:
        at = symbol(table)
    except gdb.error as error:
        raise gdb.GdbError(f"There is no weft in this program (no symbol {table}).") from error
    values = {}
    while True:
        name, value = struct.unpack("<24sQ", read(at, 32))
        name = name.rstrip(b"\0").decode()
        if not name:
            return values
        values[name] = value
        at += 32


class Table:
    """Offsets by name, and what hangs on them."""

    def __init__(self):
        self.values = layout_of("weft_debugger_table")
        if self["version"] != KNOWN_VERSION:
            raise gdb.GdbError(f"This program's weft has version {self['version']} of the table, this script knows {KNOWN_VERSION}.")
        names = word(symbol("weft_reason_names"))
        self.reasons = [text(word(names + 8 * i)) for i in range(self["reason.count"])]

    def __getitem__(self, name):
        return self.values[name]

    def hubs(self):
        vector = word(symbol("weft_hubs"))
        if vector == 0:
            return []
        first, last = word(vector), word(vector + 8)
        return [Hub(self, word(at)) for at in range(first, last, 8)]


class Hub:
    def __init__(self, table, address):
        self.table = table
        self.address = address
        self.serial = word(address + table["hub.serial"])
        self.thread_id = struct.unpack("<i", read(address + table["hub.thread_id"], 4))[0]
        self.running = word(address + table["hub.running"])
        self.pass_time = signed(address + table["hub.pass_time"])

    def thread(self):
        """gdb's thread, or None if it has ended."""
        for thread in gdb.selected_inferior().threads():
            if thread.ptid[1] == self.thread_id:
                return thread
        return None

    def listed(self, first, link):
        """The addresses in a list of fibers."""
        at = word(self.address + self.table[first])
        count = 0
        while at != 0 and count < MAX_FIBERS:
            yield at
            at = word(at + self.table[link])
            count += 1

    def fibers(self):
        # A fiber that has been woken keeps the record of its wait until it runs.
        ready = set(self.listed("hub.ready", "fiber.next_ready"))
        for address in self.listed("hub.fibers", "fiber.next"):
            fiber = Fiber(self.table, self, address, address in ready)
            if not fiber.finished:
                yield fiber


class Fiber:
    def __init__(self, table, hub, address, ready):
        self.table = table
        self.hub = hub
        self.address = address
        self.ready = ready
        self.id = self.field("id")
        self.sp = self.field("sp")
        state = struct.unpack("<I", read(address + table["fiber.state"], 4))[0]
        self.finished = (state & table["state.finished"]) != 0
        self.held = (state & table["state.held"]) != 0
        self.started = read(address + table["fiber.started"], 1)[0] != 0
        self.wait = self.field("wait")

    def field(self, name):
        return word(self.address + self.table["fiber." + name])

    @property
    def name(self):
        at = self.address + self.table["fiber.name"]
        return read(word(at), word(at + 8)).decode(errors="replace")

    @property
    def title(self):
        name = self.name
        return f'{self.id} "{name}"' if name else str(self.id)

    @property
    def is_running(self):
        return self.hub.running == self.address

    def stack(self):
        """(bytes used, size) or None where it is the thread's own."""
        slot = self.field("slot")
        if slot == 0:
            return None
        limit = word(slot + self.table["slot.limit"])
        top = word(slot + self.table["slot.top"])
        sp = stack_pointer(self.hub.thread()) if self.is_running else self.sp
        return (top - sp if limit <= sp <= top else 0, top - limit)

    def waits_for(self, fibers_by_address):
        """What it waits for; None if it does not wait."""
        table, wait = self.table, self.wait
        if wait == 0 or self.is_running or self.ready:
            return None
        reason = read(wait + table["wait.reason"], 1)[0]
        what = table.reasons[reason] if reason < len(table.reasons) else f"reason {reason}"
        wanted = word(wait + table["wait.object"])
        fd = struct.unpack("<i", read(wait + table["wait.fd"], 4))[0]
        if reason == table["reason.join"]:
            other = fibers_by_address.get(wanted)
            what += f" of {other.title if other else hex(wanted)}"
        elif fd >= 0:
            what += f" fd {fd}"
        elif wanted != 0:
            what += f" {wanted:#x}"
        return what

    def deadline(self):
        """Steady ns, or None."""
        if self.wait == 0 or word(self.wait + self.table["wait.place"]) == self.table["place.nowhere"]:
            return None
        return signed(self.wait + self.table["wait.due"])

    def state(self, fibers_by_address):
        if self.is_running:
            return "running"
        if self.held or not self.started:
            return "not started"
        return self.waits_for(fibers_by_address) or "ready"


def stack_pointer(thread):
    """Of the thread itself, whatever fiber is selected."""
    if thread is None:
        return 0
    chosen, before = (Selection.fiber, Selection.thread_sp), gdb.selected_thread()
    Selection.choose(None)
    thread.switch()
    try:
        return int(gdb.newest_frame().read_register("rsp"))
    finally:
        if before is not None:
            before.switch()
        Selection.choose(*chosen)


def span(ns):
    """A duration in the unit that reads best."""
    for unit, size in (("h", 3600e9), ("min", 60e9), ("s", 1e9), ("ms", 1e6)):
        if abs(ns) >= size:
            return f"{ns / size:.3g} {unit}"
    return "0 ms" if abs(ns) < 1e3 else f"{ns / 1e3:.3g} us"


def steady_now(hubs):
    """Now; in a core file, or on another machine, the last time that a hub looked at the clock."""
    last = max((hub.pass_time for hub in hubs), default=0)
    connection = gdb.selected_inferior().connection
    here = connection is not None and connection.type == "native"
    return max(last, time.clock_gettime_ns(time.CLOCK_MONOTONIC)) if here else last


class Snapshot:
    """All fibers, as they are now."""

    def __init__(self):
        self.table = Table()
        self.hubs = self.table.hubs()
        self.fibers = [fiber for hub in self.hubs for fiber in hub.fibers()]
        self.by_address = {fiber.address: fiber for fiber in self.fibers}
        self.now = steady_now(self.hubs)

    def find(self, number):
        for fiber in self.fibers:
            if fiber.id == number:
                return fiber
        raise gdb.GdbError(f"No fiber {number}. \"info fibers\" lists all.")

    def line(self, fiber):
        stack = fiber.stack()
        used = f"{(stack[0] + 1023) // 1024}K of {stack[1] // 1024}K" if stack else "the thread's"
        what = fiber.state(self.by_address)
        deadline = fiber.deadline() if what not in ("running", "ready", "not started") else None
        if deadline is not None:
            what += f", deadline in {span(deadline - self.now)}"
        mark = "*" if Selection.fiber is not None and Selection.fiber.address == fiber.address else " "
        age = span(max(0, self.now - signed(fiber.address + self.table["fiber.since"])))
        return f"{mark} {fiber.title:<24} {age:>8}  {used:>14}  {what}"

    def print(self, wanted=lambda line: True):
        shown = 0
        hub = None
        for fiber in self.fibers:
            if fiber.hub is not hub:
                hub = fiber.hub
                thread = hub.thread()
                print(f"hub {hub.serial}, thread {thread.num if thread else '-'} (LWP {hub.thread_id}):")
            line = self.line(fiber)
            if wanted(line):
                print(line)
                shown += 1
        print(f"{shown} of {len(self.fibers)} fibers" if shown != len(self.fibers) else f"{shown} fibers")


class Selection:
    """The parked fiber whose stack is shown in place of its hub's thread; None: threads are what they are."""

    fiber = None
    thread_sp = 0

    @classmethod
    def choose(cls, fiber, thread_sp=0):
        cls.fiber = fiber
        cls.thread_sp = thread_sp
        gdb.invalidate_cached_frames()

    @classmethod
    def first_sp(cls):
        """The stack pointer of the fiber's innermost frame."""
        return cls.fiber.sp + cls.fiber.table["saved.size"]


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


class FiberUnwinder(Unwinder):
    """Makes the selected fiber the caller of its hub's thread."""

    def __init__(self):
        super().__init__("weft fiber")

    def __call__(self, pending):
        fiber = Selection.fiber
        if fiber is None or int(pending.read_register("rsp")) != Selection.thread_sp:
            return None
        pc = pending.read_register("rip")
        sp_type = pending.read_register("rsp").type
        # Below the fiber's frames, whatever the thread's real address is: gdb takes a caller that lies lower for a broken stack.
        unwound = pending.create_unwind_info(FrameId(gdb.Value(fiber.sp).cast(sp_type), pc))
        for register in SAVED_REGISTERS:
            kind = pending.read_register(register).type
            unwound.add_saved_register(register, gdb.Value(word(fiber.sp + fiber.table["saved." + register])).cast(kind))
        unwound.add_saved_register("rsp", gdb.Value(Selection.first_sp()).cast(sp_type))
        return unwound


class ThreadFramesHidden:
    """A frame filter: while a fiber is selected, its backtrace begins with the call that waits."""

    name = "weft fiber"
    priority = 100
    enabled = True

    def filter(self, frames):
        if Selection.fiber is None:
            return frames
        return self.without_thread(frames)

    @staticmethod
    def without_thread(frames):
        first = first_frame()
        found = False
        for frame in frames:
            found = found or frame.inferior_frame() == first
            if found:
                yield frame


def first_frame():
    """The selected fiber's innermost frame that is not inside the library, or else its innermost frame; None if there is none."""
    frame = gdb.newest_frame()
    while frame is not None and int(frame.read_register("rsp")) != Selection.first_sp():
        frame = frame.older()
    outer = frame
    while outer is not None and (outer.name() or "").startswith("weft::impl::"):
        outer = outer.older()
    return outer or frame


def select(fiber):
    """Switches to the fiber's first frame. Returns False if there is nothing to show."""
    thread = fiber.hub.thread()
    if thread is None:
        raise gdb.GdbError(f"The thread of fiber {fiber.title} (LWP {fiber.hub.thread_id}) is not there any more.")
    Selection.choose(None)
    thread.switch()
    if fiber.is_running:
        return True
    if not fiber.started:
        return False
    Selection.choose(fiber, int(gdb.newest_frame().read_register("rsp")))
    frame = first_frame()
    if frame is None:
        Selection.choose(None)
        raise gdb.GdbError(f"The stack of fiber {fiber.title} cannot be read.")
    frame.select()
    return True


class InfoFibers(gdb.Command):
    """List all fibers: id, name, how long they have been waiting (or there), stack used, and what they wait for.

info fibers [TEXT]   only those whose line contains TEXT"""

    def __init__(self):
        super().__init__("info fibers", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        Snapshot().print(lambda line: argument in line)


class FiberCommand(gdb.Command):
    """Select a fiber, to look at it with bt, frame, up, down, info locals, print.

fiber N                      selects fiber N (an id of "info fibers")
fiber none                   back to the thread
fiber find TEXT              lists the fibers whose line contains TEXT
fiber apply all COMMAND      runs a gdb command for each fiber
fiber apply N[,N...] COMMAND
fiber                        says which one is selected

Nothing is written to the process; when it goes on, no fiber is selected any more."""

    def __init__(self):
        super().__init__("fiber", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = argument.split(None, 2)
        if not words:
            chosen = Selection.fiber
            print(f"Fiber {chosen.title}" if chosen else "No parked fiber is selected.")
        elif words[0] == "none":
            Selection.choose(None)
        elif words[0] == "find" and len(words) > 1:
            wanted = argument.split(None, 1)[1]
            Snapshot().print(lambda line: wanted in line)
        elif words[0] == "apply" and len(words) == 3:
            self.apply(words[1], words[2])
        elif len(words) == 1 and words[0].isdigit():
            self.show(Snapshot(), int(words[0]))
        else:
            raise gdb.GdbError('Usage: see "help fiber".')

    @staticmethod
    def show(snapshot, number):
        fiber = snapshot.find(number)
        print(f"[Fiber {fiber.title}: {fiber.state(snapshot.by_address)}]")
        if select(fiber):
            gdb.execute("frame")
        else:
            print("It has not started: there are no frames.")

    @staticmethod
    def apply(which, command):
        snapshot = Snapshot()
        if which == "all":
            fibers = snapshot.fibers
        else:
            try:
                fibers = [snapshot.find(int(number)) for number in which.split(",")]
            except ValueError as error:
                raise gdb.GdbError(f'"{which}" is neither "all" nor a list of ids.') from error
        before, thread = Selection.fiber, gdb.selected_thread()
        try:
            for fiber in fibers:
                print(f"\nFiber {fiber.title}: {fiber.state(snapshot.by_address)}")
                if select(fiber):
                    gdb.execute(command)
        finally:
            Selection.choose(None)
            if thread is not None and thread.is_valid():
                thread.switch()
            if before is not None:
                select(before)


class FiberPrinter:
    """A weft::Fiber<T>: the fiber that it is the handle of."""

    def __init__(self, value):
        self.block = int(value["block_"])

    def to_string(self):
        if self.block == 0:
            return "no fiber"
        snapshot = Snapshot()
        fiber = snapshot.by_address.get(self.block)
        if fiber is None:
            return f"fiber {word(self.block + snapshot.table['fiber.id'])}: finished"
        return f"fiber {fiber.title}: {fiber.state(snapshot.by_address)}"


class ChannelPrinter:
    """A weft::Channel<T> or a queue: its state, and its items where they lie in it as they are."""

    UNBOUNDED = 2**64 - 1

    def __init__(self, value):
        self.core = int(value["core_"].address)
        self.item = value.type.strip_typedefs().template_argument(0)
        self.layout = layout_of("weft_object_table")

    def field(self, name):
        return word(self.core + self.layout["channel." + name])

    def to_string(self):
        capacity = self.field("capacity")
        room = "unbounded" if capacity == self.UNBOUNDED else f"room for {capacity}"
        closed = read(self.core + self.layout["channel.state"], 1)[0] != self.layout["state.open"]
        waiting = [f"{self.waiting(name)} {what}" for name, what in (("senders", "sending"), ("receivers", "receiving"))
                   if self.field(name) != 0]
        return ", ".join([f"{self.field('size')} items, {room}", *(["closed"] if closed else []), *waiting])

    def waiting(self, name):
        found, node = 0, self.field(name)
        while node != 0 and found < MAX_FIBERS:
            found += 1
            node = word(node + self.layout["node.next"])
        return found

    def children(self):
        # A pointer may be one to an item in a box of its own.
        plain = self.item.strip_typedefs().code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_FLT, gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ENUM)
        if plain or self.item.sizeof != 8:
            first = gdb.Value(self.field("items")).cast(self.item.pointer())
            for index in range(self.field("size")):
                yield f"[{index}]", first[(self.field("head") + index) & (self.field("slots") - 1)]


class FuturePrinter:
    """A weft::Future<T>, SharedFuture<T> or Promise<T>: whether it is set, and to what."""

    def __init__(self, value):
        self.state = value["state_"]
        self.type = value.type.strip_typedefs()
        self.layout = layout_of("weft_object_table")

    def is_set(self):
        flags = struct.unpack("<I", read(int(self.state) + self.layout["future.flags"], 4))[0]
        return (flags & self.layout["future.set"]) != 0

    def to_string(self):
        if int(self.state) == 0:
            return "no state"
        if not self.is_set():
            return "not set"
        return "set to an exception" if word(int(self.state) + self.layout["future.error"]) != 0 else "set"

    def children(self):
        kind = self.type.template_argument(0)
        if int(self.state) != 0 and self.is_set() and kind.code != gdb.TYPE_CODE_VOID:
            whole = gdb.lookup_type(f"weft::impl::TypedFutureState<{kind}>")
            yield "value", self.state.cast(whole.pointer())["value_"]


def printer_of(value):
    """What gdb asks for each value that it prints."""
    kind = value.type.strip_typedefs()
    name = (kind.tag or "").partition("<")
    printer = PRINTERS.get(name[0]) if name[1] else None
    try:
        return printer(value) if printer else None
    except gdb.error:
        return None


PRINTERS = {"weft::Fiber": FiberPrinter, "weft::Channel": ChannelPrinter, "weft::Queue": ChannelPrinter,
            "weft::Future": FuturePrinter, "weft::SharedFuture": FuturePrinter, "weft::Promise": FuturePrinter}


gdb.unwinder.register_unwinder(None, FiberUnwinder(), replace=True)
gdb.frame_filters[ThreadFramesHidden.name] = ThreadFramesHidden()
gdb.events.cont.connect(lambda event: Selection.choose(None))
gdb.pretty_printers.append(printer_of)
InfoFibers()
FiberCommand()
