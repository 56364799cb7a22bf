using System.Text;
using ProtoBridgeMQ.Bridge.State;
using ProtoBridgeMQ.Tests.Support;

namespace ProtoBridgeMQ.Tests.Bridge.Contract;

public abstract class StateContract<TFixture> : BridgeTest<TFixture>
    where TFixture : BridgeFixture, new()
{
    private IStateStore State => Bridge.State;

    [Fact]
    public async Task A_value_is_there_until_it_is_replaced_or_removed_and_spaces_are_apart()
    {
        string space = Fixture.Name("s");
        Assert.Null(await State.GetAsync(space, "k"));
        await PutAsync(space, "k", "one");
        await PutAsync(space + "x", "k", "other");
        Assert.Equal("one", await GetAsync(space, "k"));
        await PutAsync(space, "k", "two");
        Assert.Equal("two", await GetAsync(space, "k"));
        await PutAsync(space, "empty", "");
        Assert.Equal("", await GetAsync(space, "empty"));
        await State.DeleteAsync(space, "k");
        await State.DeleteAsync(space, "never there");
        Assert.Null(await GetAsync(space, "k"));
        Assert.Equal("other", await GetAsync(space + "x", "k"));
    }

    [Fact]
    public async Task The_value_is_copied_before_the_call_returns()
    {
        string space = Fixture.Name("s");
        byte[] value = "before"u8.ToArray();
        ValueTask put = State.PutAsync(space, "k", value);
        value.AsSpan().Fill((byte)'x');
        await put.Within("put completed");
        Assert.Equal("before", await GetAsync(space, "k"));
    }

    [Fact]
    public async Task All_keys_of_a_space_are_listed()
    {
        string space = Fixture.Name("s");
        for (int i = 0; i < 20; i++)
        {
            await PutAsync(space, $"k{i:00}", $"{i}");
        }

        await State.DeleteAsync(space, "k07");
        List<string> keys = [];
        await foreach (KeyValuePair<string, ReadOnlyMemory<byte>> entry in State.ListAsync(space))
        {
            keys.Add(entry.Key);
        }

        Assert.Equal(Enumerable.Range(0, 20).Where(i => i != 7).Select(i => $"k{i:00}"), keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task State_outlives_a_restart()
    {
        string space = Fixture.Name("s");
        await PutAsync(space, "kept", "old");
        await PutAsync(space, "kept", "new");
        await PutAsync(space, "gone", "x");
        await State.DeleteAsync(space, "gone");
        await Fixture.RestartAsync();
        Assert.Equal("new", await GetAsync(space, "kept"));
        Assert.Null(await GetAsync(space, "gone"));
        await PutAsync(space, "kept", "newer");
        Assert.Equal("newer", await GetAsync(space, "kept"));
    }

    [Fact]
    public async Task The_last_put_wins_also_after_a_restart()
    {
        string space = Fixture.Name("s");
        List<Task> puts = [];
        for (int i = 0; i < 200; i++)
        {
            puts.Add(i % 7 == 4
                ? State.DeleteAsync(space, "k").AsTask()
                : State.PutAsync(space, "k", Encoding.UTF8.GetBytes($"{i}")).AsTask());
        }

        await Task.WhenAll(puts).Within("all puts completed");
        Assert.Equal("199", await GetAsync(space, "k"));
        await Fixture.RestartAsync();
        Assert.Equal("199", await GetAsync(space, "k"));
    }

    private Task PutAsync(string space, string key, string value)
        => State.PutAsync(space, key, Encoding.UTF8.GetBytes(value)).Within($"put of {key} completed");

    private async Task<string?> GetAsync(string space, string key)
        => await State.GetAsync(space, key) is { } value ? Encoding.UTF8.GetString(value.Span) : null;
}
