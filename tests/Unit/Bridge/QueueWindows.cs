using ProtoBridgeMQ.Bridge.Groups;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Bridge;

public sealed class QueueWindows
{
    [Fact]
    public void Progress_is_the_lowest_unsettled_offset()
    {
        var window = new QueueWindow(start: 10, capacity: 8);
        window.Add(10);
        window.Add(11);
        window.Add(15);
        Assert.Equal((10L, 16L), (window.Progress, window.NextRead));
        Assert.True(window.Settle(11));
        Assert.Equal(10, window.Progress);
        Assert.True(window.Settle(10));
        Assert.Equal(15, window.Progress);
        Assert.True(window.Settle(15));
        Assert.Equal(16, window.Progress);
    }

    [Fact]
    public void What_the_filter_left_out_is_progress_once_everything_before_is_settled()
    {
        var window = new QueueWindow(start: 0, capacity: 8);
        window.MoveTo(100);
        Assert.Equal(100, window.Progress);
        window.Add(100);
        window.MoveTo(200);
        Assert.Equal(100, window.Progress);
        window.Settle(100);
        Assert.Equal(200, window.Progress);
    }

    [Fact]
    public void A_message_is_settled_once_and_only_when_it_is_in_the_window()
    {
        var window = new QueueWindow(start: 0, capacity: 8);
        window.Add(3);
        window.Add(5);
        Assert.False(window.Settle(4));
        Assert.True(window.Settle(5));
        Assert.False(window.Settle(5));
        Assert.True(window.Settle(3));
        Assert.False(window.Settle(3));
    }

    [Fact]
    public void A_full_window_takes_no_more_until_its_lowest_message_is_settled()
    {
        var window = new QueueWindow(start: 0, capacity: 2);
        window.Add(0);
        window.Add(1);
        Assert.Equal(0, window.Room);
        Assert.Throws<InvalidOperationException>(() => window.Add(2));
        window.Settle(1);
        Assert.Equal(0, window.Room);
        window.Settle(0);
        Assert.Equal(2, window.Room);
    }

    [Fact]
    public void A_queue_that_was_cut_is_read_from_its_new_end_when_nothing_is_in_flight()
    {
        var window = new QueueWindow(start: 50, capacity: 2);
        window.Add(50);
        Assert.False(window.TryRestart(7));
        window.Settle(50);
        Assert.True(window.TryRestart(7));
        Assert.Equal((7L, 7L), (window.Progress, window.NextRead));
    }

    [Fact]
    public void Settling_in_any_order_agrees_with_a_plain_model()
        => Seeded.Run(random =>
        {
            var window = new QueueWindow(start: 0, capacity: 64);
            List<long> unsettled = [];
            long next = 0;
            for (int i = 0; i < 20_000; i++)
            {
                if (random.Next(2) == 0 && window.Room > 0)
                {
                    next += random.Next(1, 4);
                    window.Add(next - 1);
                    unsettled.Add(next - 1);
                }
                else if (unsettled.Count > 0)
                {
                    int pick = random.Next(unsettled.Count);
                    Assert.True(window.Settle(unsettled[pick]));
                    unsettled.RemoveAt(pick);
                }

                Assert.Equal(unsettled.Count > 0 ? unsettled.Min() : next, window.Progress);
            }
        });
}
