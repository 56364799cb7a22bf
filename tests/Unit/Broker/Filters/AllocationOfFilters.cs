using ProtoBridgeMQ.Broker;
using ProtoBridgeMQ.Broker.Filters;

namespace ProtoBridgeMQ.Tests.Unit.Broker.Filters;

public sealed class AllocationOfFilters
{
    [Theory]
    [InlineData("TAGS = 'TagA' AND n BETWEEN 3 AND 6 AND (price > 1.5 OR region IN ('a', 'b', 'c')) AND KEYS CONTAINS 'er'", true)]
    [InlineData("missing = 1 OR n > 9", false)]
    [InlineData("KEYS > 1", false)]
    public void Evaluating_allocates_nothing_for_a_message(string expression, bool expected)
    {
        byte[] properties = "KEYS\u0001order-1\u0002TAGS\u0001TagA\u0002n\u00015\u0002price\u00011.75\u0002region\u0001c\u0002"u8.ToArray();
        IMessageFilter filter = new FilterCompiler(new BrokerOptions()).Compile("SQL92", expression, out _)!;
        Assert.Equal(0, LeastOf(() => Require(filter.MatchesProperties(properties) == expected)));
    }

    [Fact]
    public void Many_names_and_finding_a_known_expression_allocate_nothing_either()
    {
        string expression = string.Join(" OR ", Enumerable.Range(0, 200).Select(static i => $"p{i} = 'x'"));
        byte[] known = System.Text.Encoding.UTF8.GetBytes(expression);
        byte[] properties = "p199\u0001x\u0002"u8.ToArray();
        var compiler = new FilterCompiler(new BrokerOptions());
        compiler.Compile("SQL92", expression, out _);
        Assert.Equal(0, LeastOf(() =>
        {
            IMessageFilter? filter = compiler.Compile("SQL92"u8, known, out _);
            Require(filter!.MatchesProperties(properties));
        }));
    }

    private static void Require(bool holds)
    {
        if (!holds)
        {
            Assert.Fail("another answer");
        }
    }

    // The runtime allocates for itself now and then: the least of some rounds is the code's own.
    private static long LeastOf(Action work)
    {
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 200; i++)
            {
                work();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
