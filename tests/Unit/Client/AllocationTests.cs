using ProtoBridgeMQ.Client;
using ProtoBridgeMQ.Client.Groups;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Unit.Client;

public sealed class AllocationTests
{
    [Theory]
    [InlineData(8, 3, new[] { 3, 3, 2 })]
    [InlineData(4, 1, new[] { 4 })]
    [InlineData(2, 3, new[] { 1, 1, 0 })]
    [InlineData(6, 3, new[] { 2, 2, 2 })]
    [InlineData(0, 2, new[] { 0, 0 })]
    public void Members_get_runs_of_neighbours_the_first_ones_one_more(int queues, int members, int[] shares)
    {
        MessageQueue[] all = Queues(queues);
        string[] ids = Ids(members);
        MessageQueue[][] got = [.. ids.Select(id => AverageAllocation.Allocate(id, all, ids).ToArray())];
        Assert.Equal(shares, got.Select(share => share.Length));
        Assert.Equal(all, got.SelectMany(share => share));
    }

    [Fact]
    public Task Every_queue_has_one_owner_whatever_the_order_of_the_list()
        => Seeded.RunAsync(random =>
        {
            for (int i = 0; i < 200; i++)
            {
                MessageQueue[] all = Queues(random.Next(0, 40));
                string[] ids = Ids(random.Next(1, 20));
                random.Shuffle(ids);
                Assert.Equal(all, ids.SelectMany(id => AverageAllocation.Allocate(id, all, ids).ToArray()).Order());
            }

            return Task.CompletedTask;
        });

    [Fact]
    public void Who_is_not_a_member_gets_nothing()
        => Assert.True(AverageAllocation.Allocate("stranger", Queues(4), Ids(2)).IsEmpty);

    private static MessageQueue[] Queues(int count) => [.. Enumerable.Range(0, count).Select(i => new MessageQueue("t", "b", i))];

    private static string[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => $"10.0.0.{i:000}@client")];
}
