using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.Timers;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Timers;

/// <summary>Stores with timers, as a broker uses them.</summary>
internal static class TimerKit
{
    public static StoreOptions Options(string directory, Action<StoreOptions>? change = null)
    {
        var options = StoreKit.Small(directory);
        options.IndexEnabled = false;
        options.TimerLogFileSize = (10 * 52) + 16;
        options.TimerWheelSlots = 2000;
        options.TimerRollWindow = TimeSpan.FromSeconds(600);
        options.CheckpointInterval = TimeSpan.FromMinutes(10);
        change?.Invoke(options);
        return options;
    }

    public static long Now(this TimeProvider time) => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Puts a message away until a time, as the broker does.</summary>
    public static AppendResult AppendTimer(this MessageStore store, TimeProvider time, string topic, string body, long deliverAt, string? recalls = null)
    {
        TimerAdmission admission;
        long outMs;
        do
            admission = store.Timers.Admit(deliverAt, out outMs);
        while (admission == TimerAdmission.SlotFull);
        Assert.Equal(TimerAdmission.Taken, admission);
        Span<byte> properties = stackalloc byte[1024];
        var writer = new PropertyTextWriter(properties);
        Assert.True(writer.TryAdd("TIMER_DELIVER_MS", deliverAt.ToString(CultureInfo.InvariantCulture)));
        writer.TryAdd("UNIQ_KEY", recalls ?? body);
        if (recalls is not null)
            writer.TryAdd("TIMER_DEL_UNIQKEY", $"{topic}+{recalls}");
        writer.TryAdd("TAGS", "tag");
        writer.TryAdd("TIMER_OUT_MS", outMs.ToString(CultureInfo.InvariantCulture));
        writer.TryAdd("REAL_TOPIC", topic);
        writer.TryAdd("REAL_QID", "1");
        return store.Append(new MessageToStore
        {
            Topic = TimerTopic.Name,
            QueueId = 0,
            Body = Encoding.UTF8.GetBytes(body),
            Properties = writer.Written,
            BornTimestamp = time.Now(),
            BornHost = HostAddress.Loopback(4711),
        });
    }

    /// <summary>Recalls a message that was put away with its body as unique key.</summary>
    public static AppendResult Recall(this MessageStore store, TimeProvider time, string topic, string body, long deliverAt) =>
        store.AppendTimer(time, topic, "0", deliverAt, body);

    /// <summary>Moves the clock on at once, and waits until all that is due came.</summary>
    public static async Task Pass(this MessageStore store, ManualClock clock, TimeSpan time)
    {
        await store.WaitDispatchedAsync();
        clock.Advance(time);
        await store.Settle();
    }

    /// <summary>Waits until no timer is due: what was rolled may be due again.</summary>
    public static async Task Settle(this MessageStore store)
    {
        long before;
        do
        {
            before = store.Written.Value;
            await store.WaitDispatchedAsync();
            await store.Timers.WhenIdleAsync().Within("delivery of timers");
            await store.WaitDispatchedAsync();
        }
        while (store.Written.Value != before);
    }

    /// <summary>A property of a message of a queue.</summary>
    public static string? Property(this MessageStore store, string topic, int queueId, long offset, string name)
    {
        Assert.True(store.TryGetQueue(topic, queueId, out var queue));
        Assert.True(queue.TryReadEntry(offset, out var entry));
        using var lease = store.ReadRecord(entry.PhysicalOffset, entry.Size);
        Assert.True(lease.TryRead(out var record));
        return PropertyText.GetString(record.Properties, Encoding.UTF8.GetBytes(name));
    }
}
