using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Tests.Bridge.Contract;

namespace ProtoBridgeMQ.Tests.Bridge.Processes;

/// <summary>The cluster bridge over two name servers and two brokers, each a process of its own that may have died a moment ago.</summary>
public sealed class ProcessFixture : BridgeFixture
{
    private static SharedProcesses Shared => SharedProcesses.Current;

    public override async Task StartAsync()
    {
        await Shared.NextTestAsync();
        Bridge = Shared.Bridge;
    }

    public override async Task RestartAsync()
    {
        await Shared.RestartAsync();
        Bridge = Shared.Bridge;
    }

    public override async Task<IMessageBridge> OpenAnotherAsync() => await Shared.OpenAsync();

    public override Task LetPassAsync(TimeSpan time)
    {
        Shared.Clock.Advance(time);
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

[Collection(ProcessCollection.Name)]
public sealed class ProcessPublishContract : PublishContract<ProcessFixture>;

[Collection(ProcessCollection.Name)]
public sealed class ProcessTailContract : TailContract<ProcessFixture>;

[Collection(ProcessCollection.Name)]
public sealed class ProcessGroupContract : GroupContract<ProcessFixture>;

[Collection(ProcessCollection.Name)]
public sealed class ProcessStateContract : StateContract<ProcessFixture>;

[Collection(ProcessCollection.Name)]
public sealed class ProcessTopicContract : TopicContract<ProcessFixture>;

[Collection(ProcessCollection.Name)]
public sealed class ProcessRetainedContract : RetainedContract<ProcessFixture>;
