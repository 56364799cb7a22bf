using ProtoBridgeMQ.Client.Consuming;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class QueueWindowTests
{
    [Fact]
    public void Progress_is_the_lowest_unhandled_offset()
    {
        var window = new QueueWindow(10);
        foreach (long offset in (long[])[10, 11, 14, 15])
        {
            Assert.True(window.TryAdd(offset, 100));
        }

        Assert.Equal(10, window.Progress);
        window.Complete(11);
        window.Complete(15);
        Assert.Equal(10, window.Progress);
        window.Complete(10);
        Assert.Equal(14, window.Progress);
        window.AdvanceTo(20);
        Assert.Equal(14, window.Progress);
        window.Complete(14);
        Assert.Equal(20, window.Progress);
    }

    [Fact]
    public void A_message_is_added_once_and_completed_once()
    {
        var window = new QueueWindow(0);
        Assert.True(window.TryAdd(0, 1));
        Assert.False(window.TryAdd(0, 1));
        Assert.True(window.TryAdd(1, 1));
        window.Complete(1);
        window.Complete(1);
        window.Complete(99);
        Assert.Equal(1, window.Unhandled);
        Assert.Equal(0, window.Progress);
    }

    [Fact]
    public void It_is_full_by_count_by_bytes_and_by_span()
    {
        var window = new QueueWindow(0);
        Assert.True(window.HasRoom(0, 0, 0));
        window.TryAdd(0, 100);
        Assert.False(window.HasRoom(1, 1000, 1000));
        Assert.False(window.HasRoom(10, 100, 1000));
        Assert.True(window.HasRoom(10, 101, 1000));
        window.AdvanceTo(1000);
        Assert.False(window.HasRoom(10, 1000, 1000));
        window.Complete(0);
        Assert.True(window.HasRoom(1, 1, 1));
    }

    [Fact]
    public Task Progress_never_passes_what_is_unhandled()
        => Seeded.RunAsync(random =>
        {
            var window = new QueueWindow(0);
            var open = new SortedSet<long>();
            long next = 0;
            for (int i = 0; i < 20_000; i++)
            {
                if (random.Next(2) == 0 || open.Count == 0)
                {
                    next += random.Next(1, 4);
                    Assert.True(window.TryAdd(next, 1));
                    open.Add(next);
                }
                else
                {
                    long done = open.ElementAt(random.Next(Math.Min(open.Count, 8)));
                    open.Remove(done);
                    window.Complete(done);
                }

                Assert.Equal(open.Count == 0 ? next + 1 : open.Min, window.Progress);
                Assert.Equal(open.Count, window.Unhandled);
            }

            return Task.CompletedTask;
        });
}
