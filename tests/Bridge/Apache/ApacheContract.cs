using System.Reflection;
using ProtoBridgeMQ.Tests.Bridge.Contract;
using Xunit.Sdk;

namespace ProtoBridgeMQ.Tests.Bridge.Apache;

/// <summary>
/// The bridge contract on Apache RocketMQ, one case for each of its tests. The runner does not find the classes below by itself, because they are
/// not public: so they can be skipped as a whole where there is no such cluster.
/// </summary>
public sealed class ApacheContract
{
    private static readonly Type[] Contracts =
    [
        typeof(ApachePublishContract), typeof(ApacheTailContract), typeof(ApacheGroupContract), typeof(ApacheStateContract), typeof(ApacheTopicContract),
        typeof(ApacheReaderContract), typeof(ApacheRetainedContract), typeof(ApacheAdministrationContract),
    ];

    /// <summary>Contract, test, and where a test has cases, the number of its case.</summary>
    public static TheoryData<string, string, int> Tests
    {
        get
        {
            var tests = new TheoryData<string, string, int>();
            foreach (Type contract in Contracts)
            {
                foreach (MethodInfo test in contract.GetMethods().Where(static method => method.GetCustomAttribute<FactAttribute>() is { Skip: null }))
                {
                    for (int i = 0; i < Cases(test).Count; i++)
                    {
                        tests.Add(contract.Name, test.Name, i);
                    }
                }
            }

            return tests;
        }
    }

    [ApacheTheory]
    [MemberData(nameof(Tests))]
    public async Task The_contract_holds(string contract, string test, int number)
    {
        Type type = Contracts.First(known => known.Name == contract);
        MethodInfo method = type.GetMethod(test)!;
        var instance = (IAsyncLifetime)Activator.CreateInstance(type)!;
        await instance.InitializeAsync();
        try
        {
            if (method.Invoke(instance, Cases(method)[number]) is Task running)
            {
                await running;
            }
        }
        finally
        {
            await instance.DisposeAsync();
        }
    }

    private static List<object?[]> Cases(MethodInfo test)
        => test.GetCustomAttribute<FactAttribute>() is TheoryAttribute
            ? [.. test.GetCustomAttributes<DataAttribute>().SelectMany(data => data.GetData(test))]
            : [[]];

    private sealed class ApachePublishContract : PublishContract<ApacheFixture>;

    private sealed class ApacheTailContract : TailContract<ApacheFixture>;

    private sealed class ApacheGroupContract : GroupContract<ApacheFixture>
    {
        /// <summary>A broker of 4 says "offset 0" for a new group of a young topic, and not that it has no progress: nobody can begin at the end there.</summary>
        public override Task A_new_group_begins_at_the_oldest_message_or_at_what_comes()
            => Fixture.IsFour ? Task.CompletedTask : base.A_new_group_begins_at_the_oldest_message_or_at_what_comes();
    }

    private sealed class ApacheStateContract : StateContract<ApacheFixture>;

    private sealed class ApacheTopicContract : TopicContract<ApacheFixture>;

    private sealed class ApacheReaderContract : ReaderContract<ApacheFixture>;

    private sealed class ApacheRetainedContract : RetainedContract<ApacheFixture>;

    private sealed class ApacheAdministrationContract : AdministrationContract<ApacheFixture>;
}
