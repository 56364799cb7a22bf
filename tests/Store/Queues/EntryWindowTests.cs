using ProtoBridgeMQ.Store.Queues;
using ProtoBridgeMQ.Tests.Store.Faults;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Store.Queues;

/// <summary>Entries that were read ahead of who reads on.</summary>
public sealed class EntryWindowTests : IDisposable
{
    private const int FileEntries = 3000;

    private readonly FaultyFileSystem _disk = new(1);
    private readonly QueueFiles _files;
    private readonly QueueTable _table;

    public EntryWindowTests()
    {
        _files = new QueueFiles(_disk, "/store/consumequeue", FileEntries, maxOpen: 8, syncAllAbove: 0);
        _table = new QueueTable(_files, new QueueTails(1 << 20), maxQueues: 1000, maxQueuesPerTopic: 1000);
    }

    public void Dispose() => _files.Dispose();

    [Fact]
    public void Who_reads_on_gets_the_entries_in_order_over_the_ends_of_files_and_windows() => Seeded.Run(random =>
    {
        var queue = Filled(0, 7_500);
        var offset = 0L;
        while (offset < queue.MaxOffset)
        {
            var entries = new QueueEntry[random.Next(1, 90)];
            var count = queue.ReadEntries(offset, entries);
            Assert.Equal(Math.Min(entries.Length, queue.MaxOffset - offset), count);
            for (var i = 0; i < count; i++)
                Assert.Equal(EntryOf(queue, offset + i), entries[i]);
            // Sometimes somebody else asks in between, or one entry is asked for again.
            var other = random.NextInt64(queue.MaxOffset);
            if (random.Next(4) == 0)
                Assert.True(queue.TryReadEntry(other, out var again) && again == EntryOf(queue, other));
            offset += count;
        }
    });

    [Fact]
    public void Reading_on_takes_one_read_of_the_file_for_many_pulls()
    {
        var queue = Filled(0, FileEntries);
        var entries = new QueueEntry[32];
        for (var offset = 0L; offset < 64; offset += 32)
            Assert.Equal(32, queue.ReadEntries(offset, entries));
        // Whatever is read from the disk now fails.
        _disk.Add(new Fault(FileCall.Read));
        for (var offset = 64L; offset < 256; offset += 32)
            Assert.Equal(32, queue.ReadEntries(offset, entries));
        Assert.Throws<IOException>(() => queue.ReadEntries(2_000, entries));
    }

    [Fact]
    public void A_file_that_is_deleted_while_it_is_opened_does_not_come_back()
    {
        const string First = "/store/consumequeue/topic/0/00000000000000000000";
        var queue = Filled(0, FileEntries + 1);
        Assert.True(_disk.FileExists(First));
        using var files = new QueueFiles(new DeletingFileSystem(_disk, First), "/store/consumequeue", FileEntries, maxOpen: 8, syncAllAbove: 0);
        Assert.Equal(0, files.Read(queue, 0, new byte[20]));
        Assert.False(_disk.FileExists(First));
    }

    [Fact]
    public void Many_queues_that_are_read_on_in_turn_do_not_get_each_others_entries()
    {
        var queues = Enumerable.Range(0, 200).Select(id => Filled(id, 300)).ToArray();
        var entries = new QueueEntry[32];
        for (var offset = 0L; offset < 300; offset += 32)
        {
            foreach (var queue in queues)
            {
                var count = queue.ReadEntries(offset, entries);
                Assert.Equal(Math.Min(32, 300 - offset), count);
                Assert.Equal(EntryOf(queue, offset), entries[0]);
                Assert.Equal(EntryOf(queue, offset + count - 1), entries[count - 1]);
            }
        }
    }

    [Fact]
    public void An_entry_that_is_written_again_is_not_served_from_what_was_read_before()
    {
        var queue = Filled(0, FileEntries);
        ReadOn(queue, 0, 2);
        var other = new QueueEntry(77, 78, 79);
        Assert.True(_files.Overwrite(queue, 100, other));
        Assert.True(queue.TryReadEntry(100, out var read));
        Assert.Equal(other, read);
    }

    [Fact]
    public void What_a_start_threw_away_is_not_served_from_what_was_read_before()
    {
        var queue = Filled(0, FileEntries);
        ReadOn(queue, 0, 2);
        _files.Delete(queue, 0);
        queue.Restore(0, 0);
        Write(queue, 0, FileEntries, shift: 1);
        Assert.True(queue.TryReadEntry(100, out var read));
        Assert.Equal(EntryOf(queue, 101), read);
    }

    [Fact]
    public void A_read_ahead_that_fails_spoils_nothing()
    {
        var queue = Filled(0, FileEntries);
        ReadOn(queue, 0, 2);
        _disk.Add(new Fault(FileCall.Read, times: 1));
        var entries = new QueueEntry[32];
        // Behind the window: the read fails, and who looks again reads what is there.
        Assert.Throws<IOException>(() => ReadOn(queue, 64, 40));
        for (var offset = 0L; offset < FileEntries - 32; offset += 32)
        {
            Assert.Equal(32, queue.ReadEntries(offset, entries));
            Assert.Equal(EntryOf(queue, offset), entries[0]);
        }
    }

    [Fact]
    public async Task Readers_side_by_side_see_what_is_written_while_they_read()
    {
        const int Count = 20_000;
        var queue = Filled(0, 1);
        var readers = Enumerable.Range(0, 3).Select(step => Task.Run(() =>
        {
            var entries = new QueueEntry[7 + (step * 30)];
            for (var offset = 0L; offset < Count;)
            {
                var count = queue.ReadEntries(offset, entries);
                for (var i = 0; i < count; i++)
                    Assert.Equal(EntryOf(queue, offset + i), entries[i]);
                offset += count;
                if (count == 0)
                    Thread.Yield();
            }
        })).ToArray();
        Write(queue, 1, Count - 1, shift: 0);
        await Task.WhenAll(readers).Within("all was read");
    }

    private static QueueEntry EntryOf(ConsumeQueue queue, long offset) => new((offset * 1000) + queue.QueueId, 200, offset * 7);

    private static void ReadOn(ConsumeQueue queue, long offset, int times)
    {
        var entries = new QueueEntry[32];
        for (var i = 0; i < times; i++)
            Assert.Equal(32, queue.ReadEntries(offset + (i * 32), entries));
    }

    private ConsumeQueue Filled(int id, int count)
    {
        var queue = _table.GetOrAdd("topic"u8, id)!;
        Write(queue, 0, count, shift: 0);
        queue.WriteTail();
        return queue;
    }

    private static void Write(ConsumeQueue queue, long from, int count, long shift)
    {
        for (var offset = from; offset < from + count; offset++)
        {
            queue.Stage(EntryOf(queue, offset + shift));
            if (offset % 10 == 0)
                queue.Commit();
        }

        queue.Commit();
        queue.WriteTail();
    }
}
