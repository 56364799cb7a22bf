using System.Runtime.InteropServices;

namespace ProtoBridgeMQ.Sockets;

/// <summary>Linux's readiness notification, edge-triggered.</summary>
internal static partial class Epoll
{
    public const uint In = 0x001;
    public const uint Out = 0x004;
    public const uint Error = 0x008;
    public const uint HangUp = 0x010;
    public const uint ReadHangUp = 0x2000;

    private const uint EdgeTriggered = 1u << 31;
    private const int AddOperation = 1;
    private const int DeleteOperation = 2;
    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int Interrupted = 4;

    // The system packs its struct on x86-64 and nowhere else: 4 bytes of events, then 8 of ours at offset 4 or 8.
    public static readonly int EventSize = RuntimeInformation.ProcessArchitecture is Architecture.X64 ? 12 : 16;
    private static readonly int DataAt = EventSize - 8;

    public static bool IsSupported { get; } = OperatingSystem.IsLinux()
        && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;

    public static int Create() => Checked(CreateSet(CloseOnExec), "epoll_create1");

    public static int CreateWake() => Checked(CreateEvent(0, CloseOnExec | NonBlocking), "eventfd");

    public static unsafe void Add(int set, int file, ulong data)
    {
        var item = stackalloc byte[16];
        *(uint*)item = In | Out | ReadHangUp | EdgeTriggered;
        *(ulong*)(item + DataAt) = data;
        Checked(Control(set, AddOperation, file, item), "epoll_ctl");
    }

    public static unsafe void Remove(int set, int file)
    {
        var item = stackalloc byte[16];
        // Fails only when the socket is gone already.
        _ = Control(set, DeleteOperation, file, item);
    }

    /// <summary>Waits for events; 0 when a signal interrupted the wait.</summary>
    public static unsafe int Wait(int set, byte* events, int max, int timeout)
    {
        var count = WaitFor(set, events, max, timeout);
        return count < 0 && Marshal.GetLastPInvokeError() == Interrupted ? 0 : Checked(count, "epoll_wait");
    }

    public static unsafe (uint Events, ulong Data) Read(byte* events, int index)
    {
        var item = events + (index * EventSize);
        return (*(uint*)item, *(ulong*)(item + DataAt));
    }

    public static unsafe void Signal(int wake)
    {
        var one = 1ul;
        // Fails only when the counter is full, and then the loop is awake.
        _ = Write(wake, &one, sizeof(ulong));
    }

    public static unsafe void Reset(int wake)
    {
        ulong count;
        _ = Read(wake, &count, sizeof(ulong));
    }

    public static void Close(int file) => _ = CloseFile(file);

    private static int Checked(int result, string call) =>
        result >= 0 ? result : throw new IOException($"{call} failed: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int CreateSet(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static unsafe partial int Control(int set, int operation, int file, byte* item);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    private static unsafe partial int WaitFor(int set, byte* events, int max, int timeout);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int CreateEvent(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read")]
    private static unsafe partial nint Read(int file, ulong* value, nint length);

    [LibraryImport("libc", EntryPoint = "write")]
    private static unsafe partial nint Write(int file, ulong* value, nint length);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int CloseFile(int file);
}
