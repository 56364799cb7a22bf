using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Tests.Bridge.Contract;
using ProtoBridgeMQ.Tests.Support;
using ProtoBridgeMQ.Tests.Support.Fake;

namespace ProtoBridgeMQ.Tests.Bridge.Fake;

public sealed class FakeFixture : BridgeFixture
{
    private readonly FakeLog _log = new();
    private readonly ManualClock _clock = new(TimeProvider.System.GetUtcNow());

    public override Task StartAsync()
    {
        Bridge = new FakeBridge(_clock, _log);
        return Task.CompletedTask;
    }

    public override async Task RestartAsync()
    {
        await Bridge.DisposeAsync();
        await StartAsync();
    }

    public override Task<IMessageBridge> OpenAnotherAsync() => Task.FromResult<IMessageBridge>(new FakeBridge(_clock, _log));

    public override Task LetPassAsync(TimeSpan time)
    {
        _clock.Advance(time);
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync() => Bridge.DisposeAsync();
}

public sealed class FakePublishContract : PublishContract<FakeFixture>;

public sealed class FakeTailContract : TailContract<FakeFixture>;

public sealed class FakeGroupContract : GroupContract<FakeFixture>;

public sealed class FakeStateContract : StateContract<FakeFixture>;

public sealed class FakeTopicContract : TopicContract<FakeFixture>;

public sealed class FakeReaderContract : ReaderContract<FakeFixture>;

public sealed class FakeRetainedContract : RetainedContract<FakeFixture>;

public sealed class FakeFilterQueueContract : FilterQueueContract<FakeFixture>;

public sealed class FakeAdministrationContract : AdministrationContract<FakeFixture>
{
    protected override bool Comes => false;
}
