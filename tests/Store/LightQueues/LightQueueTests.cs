using System.Globalization;
using System.Text;
using ProtoBridgeMQ.Remoting.Messages;
using ProtoBridgeMQ.Store;
using ProtoBridgeMQ.Store.LightQueues;
using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.LightQueues;

public sealed class LightQueueTests
{
    [Fact]
    public async Task A_record_goes_to_every_queue_that_the_selector_names_and_is_read_through_it()
    {
        await using var store = Open(new FaultyFileSystem(1));
        Assert.Equal(LightQueueStatus.Done, store.LightQueues.Create("n2", out var second));
        Assert.Equal(LightQueueStatus.Done, store.LightQueues.Create("n3", out var third));
        await AppendAsync(store, 0, 100);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => 2 * i), Bodies(store, second));
        Assert.Equal(Enumerable.Range(0, 34).Select(i => 3 * i), Bodies(store, third));
        Assert.Equal(second, store.LightQueues.Find("n2"));
        Assert.Equal(["n2", "n3"], store.LightQueues.List().Select(info => info.Name));
    }

    [Fact]
    public async Task A_queue_has_no_record_that_was_written_before_it()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
        {
            await AppendAsync(store, 0, 10);
            store.LightQueues.Create("n1", out _);
            await AppendAsync(store, 10, 20);
        }

        await using var again = Open(files);
        Assert.Equal(Enumerable.Range(10, 10), Bodies(again, again.LightQueues.Find("n1")));
    }

    [Fact]
    public async Task A_restart_finds_queues_and_entries_and_numbers_go_on()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
        {
            store.LightQueues.Create("n1", out _);
            await AppendAsync(store, 0, 30);
        }

        await using var again = Open(files);
        Assert.Empty(again.Repairs);
        var queue = again.LightQueues.Find("n1");
        await AppendAsync(again, 30, 60);
        Assert.Equal(Enumerable.Range(0, 60), Bodies(again, queue));
    }

    [Fact]
    public async Task A_deleted_queue_is_gone_for_good_and_its_id_is_nobodys()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
        {
            store.LightQueues.Create("n1", out var old);
            await AppendAsync(store, 0, 30);
            Assert.Equal(LightQueueStatus.Done, store.LightQueues.Delete(old));
            Assert.Equal(LightQueueStatus.NotFound, store.LightQueues.Delete(old));
            store.LightQueues.Create("n5", out var other);
            Assert.Equal(old.Slot, other.Slot);
            await AppendAsync(store, 30, 60);
            Assert.Empty(Bodies(store, old));
            Assert.Equal([30, 35, 40, 45, 50, 55], Bodies(store, other));
            files.Crash(powerLoss: true);
        }

        await using var again = Open(files);
        Assert.True(again.LightQueues.Find("n1").IsNone);
        Assert.Equal([30, 35, 40, 45, 50, 55], Bodies(again, again.LightQueues.Find("n5")));
    }

    [Fact]
    public async Task Blocks_of_deleted_queues_serve_again_after_a_checkpoint()
    {
        var options = Options();
        options.MaxLightQueueBytes = 64 * LightQueueBlockSize;
        await using var store = Open(new FaultyFileSystem(1), options);
        for (var round = 0; round < 20; round++)
        {
            Assert.Equal(LightQueueStatus.Done, store.LightQueues.Create("n1", out var queue));
            await AppendAsync(store, round * 200, (round * 200) + 200);
            Assert.Equal(200, Bodies(store, queue).Count);
            store.LightQueues.Delete(queue);
            store.WriteCheckpoint();
        }
    }

    [Fact]
    public async Task Without_a_free_block_dispatch_waits_and_a_deletion_lets_it_go_on()
    {
        var clock = new ManualClock();
        var options = Options();
        options.MaxLightQueueBytes = 32 * LightQueueBlockSize;
        await using var store = MessageStore.Open(options, new FaultyFileSystem(1), clock, lightQueueSelector: new NameSelector());
        store.LightQueues.Create("n1", out var all);
        store.LightQueues.Create("topic", out var victim);
        for (var i = 0; i < 180; i++)
            store.Append("topic", 0, i.ToString(CultureInfo.InvariantCulture));
        await Eventually.True(() => store.State.Condition == StoreCondition.DiskFull);
        Assert.Equal(LightQueueStatus.NoRoom, store.LightQueues.Create("n7", out _));
        store.LightQueues.Delete(victim);

        // The store says that it is full a moment before it has a timer for the next try.
        await Eventually.True(
            () =>
            {
                clock.Advance(store.Options.DiskFullRetryInterval);
                return store.Dispatched.Value == store.Written.Value;
            },
            "dispatched");
        Assert.Equal(Enumerable.Range(0, 180), Bodies(store, all));
        Assert.Equal(StoreCondition.Running, store.State.Condition);
    }

    [Fact]
    public async Task A_queue_beyond_its_limit_drops_its_oldest_entries_at_a_checkpoint_and_counts_on()
    {
        var options = Options();
        options.MaxLightQueueEntries = 25;
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files, options))
        {
            store.LightQueues.Create("n1", out _);
            for (var i = 0; i < 5; i++)
            {
                await AppendAsync(store, i * 20, (i * 20) + 20);
                store.WriteCheckpoint();
            }
        }

        await using var again = Open(files, options);
        Assert.True(again.LightQueues.TryGetRange(again.LightQueues.Find("n1"), out var min, out var max));
        Assert.Equal((75, 100), (min, max));
        Assert.Equal(Enumerable.Range(75, 25), Bodies(again, again.LightQueues.Find("n1")));
    }

    [Fact]
    public async Task A_queue_beyond_its_limit_lets_go_of_its_oldest_entries_when_there_is_no_free_block()
    {
        var options = Options();
        options.MaxLightQueueEntries = 11;
        options.MaxLightQueueBytes = 32 * LightQueueBlockSize;
        await using var store = Open(new FaultyFileSystem(1), options);
        store.LightQueues.Create("n1", out var queue);
        await AppendAsync(store, 0, 1200);
        Assert.True(store.LightQueues.TryGetRange(queue, out var min, out var max));
        Assert.Equal(1200, max);
        Assert.InRange(min, 1200 - (32 * 11), 1200 - 11);
        Assert.Equal(Enumerable.Range((int)min, (int)(max - min)), Bodies(store, queue));
        Assert.Equal(StoreCondition.Running, store.State.Condition);
    }

    [Fact]
    public async Task Entries_of_deleted_records_go_and_the_next_offset_stays()
    {
        var options = Options();
        options.SegmentSize = 16 << 10;
        await using var store = Open(new FaultyFileSystem(1), options);
        store.LightQueues.Create("n1", out var queue);
        store.LightQueues.Create("n400", out var rare);
        await AppendAsync(store, 0, 500);
        store.DeleteBefore(store.Written.Value, force: true);
        Assert.True(store.LightQueues.TryGetRange(queue, out var min, out var max));
        Assert.Equal(500, max);
        Assert.InRange(min, 250, 499);
        Assert.Equal(Enumerable.Range((int)min, (int)(max - min)), Bodies(store, queue));
        Assert.True(store.LightQueues.TryGetRange(rare, out min, out max));
        Assert.Equal((min, 2), (max, max));
    }

    [Fact]
    public async Task Listeners_hear_each_queue_of_a_batch_once_when_its_records_can_be_read()
    {
        await using var store = Open(new FaultyFileSystem(1));
        store.LightQueues.Create("n1", out var queue);
        store.LightQueues.Create("n1000", out var quiet);
        var listener = new Listener(store);
        store.LightQueues.AddListener(listener);
        await AppendAsync(store, 1, 100);
        await Eventually.True(() => listener.Seen == 99);
        Assert.True(listener.OncePerBatch);
        Assert.True(listener.Told.Contains(queue) && !listener.Told.Contains(quiet));
    }

    [Fact]
    public async Task More_queues_than_allowed_are_refused()
    {
        var options = Options();
        options.MaxLightQueues = 2;
        await using var store = Open(new FaultyFileSystem(1), options);
        var queues = new List<LightQueueId>();
        Assert.Equal(2, store.LightQueues.Create(["n1", "n2", "n3"], queues, out var status));
        Assert.Equal(LightQueueStatus.TooMany, status);
        Assert.Equal(LightQueueStatus.Malformed, store.LightQueues.Create("", out _));
        store.LightQueues.Delete(queues[0]);
        Assert.Equal(LightQueueStatus.Done, store.LightQueues.Create("n3", out _));
    }

    [Fact]
    public async Task Multi_dispatch_makes_the_queues_that_a_record_names_and_begins_where_Apache_counted()
    {
        var files = new FaultyFileSystem(1);
        var options = Options();
        options.MultiDispatch = true;
        await using (var store = Open(files, options))
        {
            Dispatch(store, "%LMQ%a,%LMQ%b,other,%LMQ%a", "7,0,3,8");
            Dispatch(store, "%LMQ%a", null);
            await store.WaitDispatchedAsync().Within("dispatched");
            Assert.True(store.LightQueues.TryGetRange(store.LightQueues.Find("%LMQ%a"), out var min, out var max));
            Assert.Equal((7, 9), (min, max));
            Assert.Equal(2, store.LightQueues.Count);
            files.Crash(powerLoss: false);
        }

        await using var again = Open(files, options);
        Assert.True(again.LightQueues.TryGetRange(again.LightQueues.Find("%LMQ%a"), out var first, out var end));
        Assert.Equal((7, 9), (first, end));
        Assert.True(again.LightQueues.TryGetRange(again.LightQueues.Find("%LMQ%b"), out first, out end));
        Assert.Equal((0, 1), (first, end));
    }

    [Fact]
    public async Task A_long_queue_is_read_from_any_offset_with_and_without_a_hint()
    {
        await using var store = Open(new FaultyFileSystem(1));
        store.LightQueues.Create("n1", out var queue);
        await AppendAsync(store, 0, 400);
        var entries = new QueueEntry[37];
        var hint = 0;
        for (var offset = 0; offset < 400; offset += 37)
        {
            var count = store.LightQueues.Read(queue, offset, entries, ref hint);
            Assert.Equal(Math.Min(37, 400 - offset), count);
            Assert.Equal(offset, Body(store, entries[0]));
            Assert.Equal(offset + count - 1, Body(store, entries[count - 1]));
        }

        for (var offset = 399; offset >= 0; offset -= 13)
        {
            Assert.Equal(Math.Min(37, 400 - offset), store.LightQueues.Read(queue, offset, entries));
            Assert.Equal(offset, Body(store, entries[0]));
        }
    }

    [Fact]
    public async Task A_damaged_head_is_made_again_from_the_log()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
        {
            store.LightQueues.Create("n1", out _);
            store.LightQueues.Create("n2", out _);
            await AppendAsync(store, 0, 100);
        }

        files.FlipBit("/store/lightqueues/heads/00000000", (2 * 32) + 30, 3);
        await using var again = Open(files);
        Assert.Contains("LostLightQueue", again.Repairs.Select(repair => repair.Name));
        Assert.Equal(Enumerable.Range(0, 100), Bodies(again, again.LightQueues.Find("n1")));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => 2 * i), Bodies(again, again.LightQueues.Find("n2")));
    }

    [Theory]
    [InlineData("heads")]
    [InlineData("blocks")]
    public async Task A_file_that_was_being_made_when_the_power_went_is_made_again(string which)
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
        {
            store.LightQueues.Create("n1", out _);
            await AppendAsync(store, 0, 10);
        }

        files.Put($"/store/lightqueues/{which}/00000000", new byte[512]);
        await using (var again = Open(files))
        {
            await AppendAsync(again, 10, 20);
            Assert.Equal(Enumerable.Range(0, 20), Bodies(again, again.LightQueues.Find("n1")));
        }

        await using var clean = Open(files);
        Assert.Empty(clean.Repairs);
        Assert.Equal(Enumerable.Range(0, 20), Bodies(clean, clean.LightQueues.Find("n1")));
    }

    [Fact]
    public async Task A_catalogue_whose_head_never_reached_the_disk_is_begun_anew()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
            await AppendAsync(store, 0, 3);
        files.Put("/store/lightqueues/catalogue", new byte[56]);
        await using var again = Open(files);
        Assert.Equal(0, again.LightQueues.Count);
        Assert.Equal(LightQueueStatus.Done, again.LightQueues.Create("n1", out var queue));
        await AppendAsync(again, 3, 6);
        Assert.Equal(Enumerable.Range(3, 3), Bodies(again, queue));
    }

    [Fact]
    public async Task A_catalogue_that_lost_its_end_is_refused_and_a_damaged_block_is_said_to_be()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
        {
            store.LightQueues.Create("n1", out var queue);
            await AppendAsync(store, 0, 100);
            store.WriteCheckpoint();
            files.FlipBit("/store/lightqueues/blocks/00000000", (3 * LightQueueBlockSize) + 7, 2);
            var error = Assert.Throws<IOException>(() => Bodies(store, queue));
            Assert.Contains("Rebuild", error.Message);
            files.FlipBit("/store/lightqueues/blocks/00000000", (3 * LightQueueBlockSize) + 7, 2);
        }

        files.FlipBit("/store/lightqueues/catalogue", 20, 1);
        var refused = Assert.Throws<StoreUnusableException>(() => Open(files));
        Assert.Contains("lightqueues/catalogue", refused.Message);
    }

    [Fact]
    public async Task A_catalogue_that_is_damaged_behind_much_that_is_gone_is_refused_and_not_written_anew()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
        {
            var queues = new List<LightQueueId>();
            store.LightQueues.Create(Enumerable.Range(0, 40).Select(i => new string('x', 32_000) + "-" + i.ToString(CultureInfo.InvariantCulture)), queues, out _);
            foreach (var queue in queues)
                store.LightQueues.Delete(queue);
            store.LightQueues.Create("n3", out _);
            store.LightQueues.Create("n4", out _);
            await AppendAsync(store, 0, 30);
        }

        var catalogue = files.Content("/store/lightqueues/catalogue");
        var name = catalogue.AsSpan().LastIndexOf("n3"u8);
        files.FlipBit("/store/lightqueues/catalogue", name, 1);
        Assert.Contains("lightqueues/catalogue", Assert.Throws<StoreUnusableException>(() => Open(files)).Message);
        Assert.Equal(catalogue.Length, files.Content("/store/lightqueues/catalogue").Length);

        files.FlipBit("/store/lightqueues/catalogue", name, 1);
        await using var again = Open(files);
        Assert.Equal(["n3", "n4"], again.LightQueues.List().Select(info => info.Name).Order());
        Assert.Equal(10, Bodies(again, again.LightQueues.Find("n3")).Count);
    }

    [Fact]
    public async Task A_rebuild_makes_all_entries_again()
    {
        var files = new FaultyFileSystem(1);
        var options = Options();
        await using (var store = Open(files, options))
        {
            store.LightQueues.Create("n1", out _);
            await AppendAsync(store, 0, 100);
        }

        options.Rebuild = true;
        await using (var rebuilt = Open(files, options))
            Assert.Equal(Enumerable.Range(0, 100), Bodies(rebuilt, rebuilt.LightQueues.Find("n1")));
        options.Rebuild = false;
        await using var again = Open(files, options);
        Assert.Equal(Enumerable.Range(0, 100), Bodies(again, again.LightQueues.Find("n1")));
    }

    [Fact]
    public async Task The_catalogue_is_written_anew_without_what_is_gone()
    {
        var files = new FaultyFileSystem(1);
        await using (var store = Open(files))
        {
            store.LightQueues.Create("n3", out _);
            var queues = new List<LightQueueId>();
            store.LightQueues.Create(Enumerable.Range(0, 40).Select(i => new string('x', 32_000) + "-" + i.ToString(CultureInfo.InvariantCulture)), queues, out var status);
            Assert.Equal(LightQueueStatus.Done, status);
            foreach (var queue in queues)
                store.LightQueues.Delete(queue);
            await AppendAsync(store, 0, 30);
        }

        await using (var again = Open(files))
        {
            Assert.InRange(files.Content("/store/lightqueues/catalogue").Length, 1, 4096);
            Assert.Equal(10, Bodies(again, again.LightQueues.Find("n3")).Count);
            again.LightQueues.Create("n4", out _);
        }

        await using var last = Open(files);
        Assert.Equal(["n3", "n4"], last.LightQueues.List().Select(info => info.Name));
    }

    private const int LightQueueBlockSize = 256;

    private static StoreOptions Options()
    {
        var options = StoreKit.Small("/store");
        options.LightQueueFileSize = 8192;
        return options;
    }

    internal static MessageStore Open(FaultyFileSystem files, StoreOptions? options = null) =>
        MessageStore.Open(options ?? Options(), new FaultyProcess(files), new ManualClock(), lightQueueSelector: new NameSelector());

    internal static async Task AppendAsync(MessageStore store, int from, int to)
    {
        for (var i = from; i < to; i++)
            Assert.Equal(AppendStatus.Appended, store.Append("topic", 0, i.ToString(CultureInfo.InvariantCulture)).Status);
        await store.WaitDispatchedAsync().Within("dispatched");
    }

    private static void Dispatch(MessageStore store, string names, string? offsets)
    {
        var properties = new byte[256];
        var writer = new PropertyTextWriter(properties);
        writer.TryAdd("INNER_MULTI_DISPATCH", names);
        if (offsets is not null)
            writer.TryAdd("INNER_MULTI_QUEUE_OFFSET", offsets);
        store.Append(new MessageToStore { Topic = "topic"u8, QueueId = 0, Body = "1"u8, Properties = writer.Written });
    }

    internal static List<int> Bodies(MessageStore store, LightQueueId queue)
    {
        var bodies = new List<int>();
        if (!store.LightQueues.TryGetRange(queue, out var min, out var max))
            return bodies;
        var entries = new QueueEntry[max - min];
        Assert.Equal(entries.Length, store.LightQueues.Read(queue, min, entries));
        foreach (var entry in entries)
            bodies.Add(Body(store, entry));
        return bodies;
    }

    private static int Body(MessageStore store, QueueEntry entry)
    {
        using var lease = store.ReadRecord(entry.PhysicalOffset, entry.Size);
        Assert.True(lease.TryRead(out var record));
        return int.Parse(Encoding.UTF8.GetString(record.Body), CultureInfo.InvariantCulture);
    }

    private sealed class Listener(MessageStore store) : ILightQueueListener
    {
        public int Seen { get; private set; }

        public bool OncePerBatch { get; private set; } = true;

        public HashSet<LightQueueId> Told { get; } = [];

        public void OnEntries(ReadOnlySpan<LightQueueId> queues)
        {
            OncePerBatch &= queues.ToArray().Distinct().Count() == queues.Length;
            foreach (var queue in queues)
            {
                Told.Add(queue);
                Seen = Bodies(store, queue).Count;
            }
        }
    }
}
