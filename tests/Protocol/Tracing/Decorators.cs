using System.Reflection;
using ProtoBridgeMQ.Bridge;
using ProtoBridgeMQ.Bridge.Streams;
using ProtoBridgeMQ.Gateway.Tracing;

namespace ProtoBridgeMQ.Tests.Protocol.Tracing;

/// <summary>What stands around the bridge must not hide any of it: a member with a default would be lost without a word.</summary>
public sealed class Decorators
{
    [Theory]
    [InlineData(typeof(TracedBridge), typeof(IMessageBridge))]
    [InlineData(typeof(MessageTraceBridge), typeof(IMessageBridge))]
    [InlineData(typeof(TracedStream), typeof(IMessageStream))]
    [InlineData(typeof(MessageTraceStream), typeof(IMessageStream))]
    public void They_forward_every_member(Type decorator, Type contract)
    {
        InterfaceMapping map = decorator.GetInterfaceMap(contract);
        Assert.Empty(map.TargetMethods.Zip(map.InterfaceMethods).Where(pair => pair.First?.DeclaringType?.IsInterface != false).Select(pair => pair.Second.Name));
    }
}
