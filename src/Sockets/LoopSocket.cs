using System.Buffers;
using System.Net;
using System.Runtime.InteropServices;

namespace ProtoBridgeMQ.Sockets;

/// <summary>
/// An accepted socket of Linux that never blocks. Where a call answers a count, a negative one is the system's error number.
/// </summary>
/// <remarks>
/// Thread safe: the file is not closed, and its number not given to another one, while a call uses it. Unlike a safe handle it has no
/// finalizer: there may be very many, and the loop knows each until it is closed.
/// </remarks>
internal sealed partial class LoopSocket : IDisposable
{
    /// <summary>There is nothing to read, or no room to write.</summary>
    public const int WouldBlock = -11;

    private const int Interrupted = 4;
    private const int NoSignal = 0x4000;
    private const int NonBlocking = 0x800;
    private const int CloseOnExec = 0x80000;
    private const int BothWays = 2;
    private const int BadFile = 9;
    private const int OpenFiles = 7;
    private const int Disposed = int.MinValue / 2;

    // What accept(2) tells of the connection that it would have answered.
    private const int NotPermitted = 1;
    private const int ProtocolFailed = 71;
    private const int NetworkDown = 100;
    private const int NetworkUnreachable = 101;
    private const int ConnectionAborted = 103;
    private const int HostDown = 112;
    private const int NoRoute = 113;

    // Calls at work; below zero it was disposed of, and the last call closes it.
    private int _uses;

    private LoopSocket(int file) => File = file;

    /// <summary>The number that <see cref="Epoll"/> wants.</summary>
    public int File { get; }

    /// <summary>Takes the next connection that waits; null with an error number when there is none.</summary>
    /// <param name="listener">A listening socket that does not block.</param>
    /// <param name="peer">Where it comes from.</param>
    /// <param name="error">The system's error number, positive.</param>
    public static unsafe LoopSocket? Accept(SafeHandle listener, out IPEndPoint? peer, out int error)
    {
        var name = stackalloc byte[SocketName.MaxSize];
        int length;
        int file;
        do
        {
            length = SocketName.MaxSize;
            file = AcceptFile(listener, name, &length, NonBlocking | CloseOnExec);
            error = file < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (error == Interrupted);

        peer = null;
        if (file < 0)
            return null;
        peer = SocketName.Read(new ReadOnlySpan<byte>(name, Math.Min(length, SocketName.MaxSize)));
        return new LoopSocket(file);
    }

    /// <summary>How many files the process may have open.</summary>
    public static unsafe long MostFiles()
    {
        var limit = stackalloc nint[2];
        return GetLimit(OpenFiles, limit) == 0 && limit[0] > 0 ? limit[0] : long.MaxValue;
    }

    /// <summary>Whether an accept failed because the connection, or the way to it, was gone: the next one may be there.</summary>
    public static bool IsOfPeer(int error) => error is ConnectionAborted or ProtocolFailed or NotPermitted or (>= NetworkDown and <= NetworkUnreachable) or NoRoute or HostDown;

    /// <summary>Receives what is there; 0 is the peer's end.</summary>
    public unsafe int Receive(Span<byte> room)
    {
        if (!TryUse())
            return -BadFile;
        nint count;
        fixed (byte* start = room)
        {
            do
                count = Counted(ReceiveBytes(File, start, room.Length, 0));
            while (count == -Interrupted);
        }

        Used();
        return (int)count;
    }

    /// <summary>Sends as much as there is room for.</summary>
    public unsafe int Send(ReadOnlySpan<byte> bytes)
    {
        if (!TryUse())
            return -BadFile;
        nint count;
        fixed (byte* start = bytes)
        {
            do
                count = Counted(SendBytes(File, start, bytes.Length, NoSignal));
            while (count == -Interrupted);
        }

        Used();
        return (int)count;
    }

    /// <summary>Sends pieces in one call, as much of them as there is room for.</summary>
    public int Send(in ReadOnlySequence<byte> bytes) => bytes.IsSingleSegment ? Send(bytes.FirstSpan) : Gather.Send(this, bytes);

    /// <summary>Ends both directions; what waits for the socket wakes up.</summary>
    public void ShutDown()
    {
        if (!TryUse())
            return;
        _ = ShutDownFile(File, BothWays);
        Used();
    }

    /// <summary>The address on this side; null when it is not known any more.</summary>
    public unsafe IPEndPoint? LocalAddress()
    {
        if (!TryUse())
            return null;
        var name = stackalloc byte[SocketName.MaxSize];
        var length = SocketName.MaxSize;
        var isKnown = NameOf(File, name, &length) == 0;
        Used();
        return isKnown ? SocketName.Read(new ReadOnlySpan<byte>(name, Math.Min(length, SocketName.MaxSize))) : null;
    }

    /// <summary>Closes it, when the calls at work are done.</summary>
    public void Dispose()
    {
        var before = Volatile.Read(ref _uses);
        while (before >= 0)
        {
            var seen = Interlocked.CompareExchange(ref _uses, before + Disposed, before);
            if (seen == before)
            {
                if (before == 0)
                    Epoll.Close(File);
                return;
            }

            before = seen;
        }
    }

    private static nint Counted(nint result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    private bool TryUse()
    {
        var uses = Volatile.Read(ref _uses);
        while (uses >= 0)
        {
            var seen = Interlocked.CompareExchange(ref _uses, uses + 1, uses);
            if (seen == uses)
                return true;
            uses = seen;
        }

        return false;
    }

    private void Used()
    {
        // Once disposed of, it is not used again: it gets here once.
        if (Interlocked.Decrement(ref _uses) == Disposed)
            Epoll.Close(File);
    }

    [LibraryImport("libc", EntryPoint = "accept4", SetLastError = true)]
    private static unsafe partial int AcceptFile(SafeHandle listener, byte* name, int* length, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static unsafe partial nint ReceiveBytes(int file, byte* room, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static unsafe partial nint SendBytes(int file, byte* bytes, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "shutdown")]
    private static partial int ShutDownFile(int file, int how);

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static unsafe partial int GetLimit(int resource, nint* limit);

    [LibraryImport("libc", EntryPoint = "getsockname")]
    private static unsafe partial int NameOf(int file, byte* name, int* length);

    /// <summary>Several pieces in one call.</summary>
    private static partial class Gather
    {
        /// <summary>Pieces handed to the system in one call.</summary>
        private const int MaxPieces = 64;

        [ThreadStatic]
        private static MemoryHandle[]? _pins;

        public static unsafe int Send(LoopSocket socket, in ReadOnlySequence<byte> bytes)
        {
            if (!socket.TryUse())
                return -BadFile;
            var pins = _pins ??= new MemoryHandle[MaxPieces];
            var pieces = stackalloc Piece[MaxPieces];
            var count = 0;
            try
            {
                foreach (var memory in bytes)
                {
                    if (memory.IsEmpty)
                        continue;
                    pins[count] = memory.Pin();
                    pieces[count] = new Piece { Start = pins[count].Pointer, Length = memory.Length };
                    if (++count == MaxPieces)
                        break;
                }

                var message = new Message { Pieces = pieces, Count = count };
                nint sent;
                do
                    sent = Counted(SendPieces(socket.File, &message, NoSignal));
                while (sent == -Interrupted);
                return (int)sent;
            }
            finally
            {
                while (count > 0)
                    pins[--count].Dispose();
                socket.Used();
            }
        }

        [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
        private static unsafe partial nint SendPieces(int file, Message* message, int flags);

        /// <summary>struct iovec.</summary>
        private unsafe struct Piece
        {
            public void* Start;
            public nint Length;
        }

        /// <summary>struct msghdr of the 64-bit systems.</summary>
        private unsafe struct Message
        {
            public void* Name;
            public nint NameLength;
            public Piece* Pieces;
            public nint Count;
            public void* Control;
            public nint ControlLength;
            public nint Flags;
        }
    }
}
